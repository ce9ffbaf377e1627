// What a model said of a picture, and what becomes of the picture where that is taken as right.

import type { Image, Prediction, Region } from "../api/client";
import type { Change } from "./changes";
import { area, between, type Box } from "./geometry";
import { gives, type Rules } from "./labelling";

/** What a project's models tell: one tag a picture, several, or boxes. */
export type Kind = "Multiclass" | "Multilabel" | "Detector";

const isNegative = ({ tagType }: Prediction) => tagType === "Negative";

/** What counts from a threshold on, the surest first; with a tag, what is said of it alone. */
export function said(predictions: readonly Prediction[], kind: Kind, threshold: number, tagId = ""): Prediction[] {
  const ordered = [...predictions].sort((a, b) => b.probability - a.probability).filter(({ probability }) => probability >= threshold);
  return among(ordered, kind).filter((each) => !tagId || each.tagId === tagId);
}

/** How sure the surest of them is; with a tag, of that one. */
export const surest = (predictions: readonly Prediction[], tagId = ""): number =>
  Math.max(0, ...predictions.filter((each) => !tagId || each.tagId === tagId).map(({ probability }) => probability));

/** A multiclass picture is one thing, and a negative tag stands alone. */
function among(ordered: readonly Prediction[], kind: Kind): readonly Prediction[] {
  if (kind === "Multiclass" || (ordered[0] && isNegative(ordered[0]))) return ordered.slice(0, 1);
  return ordered.filter((each) => !isNegative(each));
}

/** Its box within the picture; null where it has none there. */
export function boxOf({ boundingBox }: Prediction): Box | null {
  if (!boundingBox) return null;
  const { left, top, width, height } = boundingBox;
  const box = between({ x: left, y: top }, { x: left + width, y: top + height });
  return area(box) > 0 ? box : null;
}

/** What makes labels of it; `key` names new boxes. */
export const accepting = (image: Image, taken: readonly Prediction[], rules: Rules, key: () => string): Change[] =>
  taken.flatMap((each): Change[] => {
    if (!each.boundingBox) return gives(image, each.tagId, rules);
    const box = boxOf(each);
    return box ? [{ kind: "box", imageId: image.id, box: { key: key(), tagId: each.tagId, ...box } }] : [];
  });

export interface Labels {
  tagIds?: string[];
  regions?: Region[];
}

/** The labels of a picture that is new to the training: what was said, or with a tag that one in its place. */
export function labelled(taken: readonly Prediction[], kind: Kind, tagId = ""): Labels {
  if (kind !== "Detector") return { tagIds: tagId ? [tagId] : taken.map((each) => each.tagId) };
  return { regions: taken.flatMap((each) => (boxOf(each) ? [{ tagId: tagId || each.tagId, ...boxOf(each)! }] : [])) };
}

export const percent = (probability: number) => `${Math.round(probability * 100)} %`;
