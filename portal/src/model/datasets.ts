// Data sets of other tools: the formats that there are, and what is told of one under way.

import type { DatasetTask } from "../api/client";
import { counted } from "./labelling";

export interface Format {
  name: string;
  text: string;
  /** What of pictures it can say. */
  boxes: boolean;
  tags: boolean;
}

const format = (name: string, text: string, carries: "boxes" | "tags" | "both" = "both"): Format => ({ name, text, boxes: carries !== "tags", tags: carries !== "boxes" });

export const FORMATS: readonly Format[] = [
  format("coco", "COCO", "boxes"),
  format("yolo", "YOLO", "boxes"),
  format("voc", "Pascal VOC", "boxes"),
  format("folders", "Folders, one a tag", "tags"),
  format("csv", "CSV"),
  format("jsonl", "JSON lines"),
  format("cvat", "CVAT"),
  format("label-studio", "Label Studio"),
  format("labelbox", "Labelbox"),
  format("kitti", "KITTI", "boxes"),
  format("vott", "VoTT", "boxes"),
  format("manifest", "SageMaker, Rekognition"),
  format("vertex-csv", "Vertex AI, CSV"),
  format("vertex-jsonl", "Vertex AI, JSON lines"),
  format("regions", "regions.json", "boxes"),
];

/** How it ended, in a sentence. */
export function outcome({ operation, format, new: fresh, present, total }: DatasetTask): string {
  const name = FORMATS.find(({ name }) => name === format)?.text ?? "";
  if (operation === "export_dataset") return `${counted(fresh, "picture")} as ${name}`;
  return `${counted(total, "picture")}, read as ${name}: ${fresh.toLocaleString()} new, ${present.toLocaleString()} there already`;
}

/** What the other side has no place for. */
export const losses = ({ lost }: DatasetTask): string =>
  Object.entries(lost)
    .map(([what, count]) => `${count.toLocaleString()} ${what}`)
    .join(", ");
