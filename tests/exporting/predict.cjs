// Runs a TensorFlow.js model on pictures, on WebAssembly: node predict.cjs FOLDER HEIGHT WIDTH. The folder has the model,
// and pictures.bin: float32 (n, height, width, 3). Answers the outputs of each picture as JSON.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const tf = require('@tensorflow/tfjs-core')
const { loadGraphModel } = require('@tensorflow/tfjs-converter')
require('@tensorflow/tfjs-backend-wasm')

const [folder, height, width] = process.argv.slice(2)
const bytes = (name) => {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name))
  return buffer.slice(byteOffset, byteOffset + byteLength)
}

const weights = (manifest) => [
  manifest.flatMap((group) => group.weights),
  tf.io.concatenateArrayBuffers(manifest.flatMap((group) => group.paths.map(bytes))),
]

const handler = {
  load: () => tf.io.getModelArtifactsForJSON(JSON.parse(readFileSync(join(folder, 'model.json'))), weights),
}

async function predict(model, picture) {
  const input = tf.tensor(picture, [1, Number(height), Number(width), 3])
  const names = model.outputs.map((output) => output.name.replace(/:0$/, ''))
  // Of a detector it is told only by running how many boxes there are.
  const run = names.length > 1 ? 'executeAsync' : 'execute'
  const tensors = [await model[run]({ [model.inputs[0].name]: input }, names)].flat()
  const found = tensors.map(async (tensor, place) => [
    names[place],
    { shape: tensor.shape, dtype: tensor.dtype, values: [...(await tensor.data())] },
  ])
  return Object.fromEntries(await Promise.all(found))
}

async function main() {
  await tf.setBackend('wasm')
  const model = await loadGraphModel(handler)
  const pictures = new Float32Array(bytes('pictures.bin'))
  const size = height * width * 3
  const answers = []
  for (let at = 0; at < pictures.length; at += size) answers.push(await predict(model, pictures.subarray(at, at + size)))
  console.log(JSON.stringify(answers))
}

main()
