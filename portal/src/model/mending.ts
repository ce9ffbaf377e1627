// Putting a detector's label right where it was judged: the box that was taken for another gets another tag.

import type { Image, ImagePerformance, ImageRegion } from "../api/client";
import { keyed, type Change } from "./changes";
import { overlap } from "./geometry";
import { verdict, type Cell } from "./judging";

/** What gives a tag to the box that a cell is about; nothing where no single box is meant. `key` is a new box's. */
export function mended(image: ImagePerformance, now: Image, cell: Cell, threshold: number, least: number, tagId: string, key: string): Change[] {
  const { truths, said } = verdict(image, cell, threshold);
  const place = said?.boundingBox;
  const regions = now.regions ?? [];
  const under = place ? nearest(regions, place, least) : single(regions.filter((region) => truths.includes(region.tagId)));
  const drawn = under ? keyed(under) : place;
  if (!drawn || under?.tagId === tagId) return [];
  const { left, top, width, height } = drawn;
  const added: Change = { kind: "box", imageId: now.id, box: { key, tagId, left, top, width, height } };
  // The new one comes first: a cut connection leaves two boxes, and never none.
  return under ? [added, { kind: "unbox", imageId: now.id, box: keyed(under) }] : [added];
}

function nearest(regions: readonly ImageRegion[], place: { left: number; top: number; width: number; height: number }, least: number): ImageRegion | undefined {
  const near = regions.map((region) => ({ region, part: overlap(region, place) })).filter(({ part }) => part > 0 && part >= least);
  return near.sort((a, b) => b.part - a.part)[0]?.region;
}

const single = (regions: readonly ImageRegion[]) => (regions.length === 1 ? regions[0] : undefined);
