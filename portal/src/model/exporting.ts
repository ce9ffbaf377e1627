// Where a model can go, in the order and the words of people.

import type { Domain, Export } from "../api/client";

export interface Target {
  platform: string;
  flavor: string | null;
  place: string;
  title: string;
  text: string;
}

const TARGETS: Target[] = [
  ["TensorFlow", "TensorFlowLite", "Phone and small device", "Android, Raspberry Pi", "TensorFlow Lite"],
  ["TensorFlow", "TensorFlowLiteFloat16", "Phone and small device", "Android, Raspberry Pi, half the size", "TensorFlow Lite in float16; scores differ in the second decimal"],
  ["CoreML", null, "Phone and small device", "iPhone, iPad and Mac", "Core ML"],
  ["CoreML", "CoreMLFloat16", "Phone and small device", "iPhone, iPad and Mac, half the size", "Core ML in float16; scores differ in the second decimal"],
  ["TensorFlow", "TensorFlowJs", "Browser", "Web page", "TensorFlow.js"],
  ["TensorFlow", "TensorFlowJsFloat16", "Browser", "Web page, half the size", "TensorFlow.js in float16; scores differ in the second decimal"],
  ["DockerFile", "Linux", "Container", "Linux", "A service with the same paths as this one; built by docker build"],
  ["DockerFile", "ARM", "Container", "Linux on ARM", "The same for 64-bit ARM, such as a Raspberry Pi"],
  ["DockerFile", "Windows", "Container", "Windows", "The same for Windows Server"],
  ["ONNX", null, "Program", "Any language", "ONNX, with samples"],
  ["ONNX", "ONNXFloat16", "Program", "Any language, half the size", "ONNX in float16; scores differ in the second decimal"],
  ["ONNX", "ONNX12", "Program", "Windows ML", "ONNX with the outputs of Custom Vision’s ONNX12"],
  ["ONNX", "ONNX10", "Program", "Windows ML of old", "ONNX with the outputs of Custom Vision’s ONNX10"],
  ["TensorFlow", null, "Program", "TensorFlow", "A frozen graph, model.pb"],
  ["TensorFlow", "TensorFlowSavedModel", "Program", "TensorFlow Serving, Keras", "A SavedModel"],
  ["OpenVino", null, "Intel hardware", "OpenVINO", "Probabilities or boxes, as they are"],
  ["OpenVino", "NoPostProcess", "Intel hardware", "OpenVINO, raw", "For programs that choose boxes by themselves"],
].map(([platform, flavor, place, title, text]) => ({ platform, flavor, place, title, text }) as Target);
// Another name of what has none.
const SAME = ["TensorFlow TensorFlowNormal"];

/** What the service offers, and what was exported before: known ones first, others by the names that it has for them. */
export function targets(flavors: Record<string, (string | null)[]>, exports: readonly Export[]): Target[] {
  const offered = Object.entries(flavors).flatMap(([platform, names]) => names.map((flavor) => ({ platform, flavor })));
  const there = [...offered.filter((each) => !SAME.includes(keyOf(each))), ...exports];
  const known = new Set(TARGETS.map(keyOf));
  const others = new Map(there.filter((each) => !known.has(keyOf(each))).map((each) => [keyOf(each), each]));
  const wanted = new Set(there.map(keyOf));
  return [
    ...TARGETS.filter((each) => wanted.has(keyOf(each))),
    ...[...others].map(([title, { platform, flavor }]) => ({ platform, flavor, place: "Other", title, text: "" })),
  ];
}

export const keyOf = ({ platform, flavor }: { platform: string; flavor: string | null }) => (flavor ? `${platform} ${flavor}` : platform);

/** What a domain is for, what it is made of, and whether its models can leave. */
export function purpose(domain: Domain | undefined): string {
  const [model = "", ...uses] = (domain?.modelInformation?.description ?? "").split(/(?<=\.) /);
  const leaving = domain?.exportable ? "Its models can be exported." : "Only models of the compact domains can be exported.";
  return [...uses, model, leaving].filter(Boolean).map((text) => text.replace(/\.?$/, ".")).join(" ");
}

export const places = (targets: readonly Target[]) => [...new Set(targets.map(({ place }) => place))];
