// Runs the exported model on pictures, on a Mac: swift predict.swift photo.jpg ...
// It shows the tags of a classifier, and the boxes of a detector that answers boxes.
import CoreML
import Foundation
import Vision

let seen: Float = 0.3
let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
let compiled = try MLModel.compileModel(at: folder.appendingPathComponent("model.mlmodel"))
let request = VNCoreMLRequest(model: try VNCoreMLModel(for: try MLModel(contentsOf: compiled)))
// The whole picture, squashed to the size of the input.
request.imageCropAndScaleOption = .scaleFill

for path in CommandLine.arguments.dropFirst() {
    print(path)
    try VNImageRequestHandler(url: URL(fileURLWithPath: path)).perform([request])
    for case let tag as VNClassificationObservation in request.results ?? [] {
        print("  \(tag.confidence)  \(tag.identifier)")
    }
    let answers = (request.results ?? []).compactMap { $0 as? VNCoreMLFeatureValueObservation }
    let values = Dictionary(uniqueKeysWithValues: answers.map { ($0.featureName, $0.featureValue.multiArrayValue!) })
    guard let boxes = values["coordinates"], let scores = values["confidence"] else { continue }
    let text = try String(contentsOf: folder.appendingPathComponent("labels.txt"), encoding: .utf8)
    for (tag, label) in text.components(separatedBy: "\n").enumerated() {
        for row in 0..<boxes.shape[0].intValue where scores[[row, tag] as [NSNumber]].floatValue > seen {
            let box = (0..<4).map { boxes[[row, $0] as [NSNumber]].floatValue }
            print("  \(scores[[row, tag] as [NSNumber]])  \(label) at left, top, width, height \(box)")
        }
    }
}
