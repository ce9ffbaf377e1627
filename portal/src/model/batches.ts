// Which of the waiting changes go to the service in one call: as many of a kind as it takes, in order for each image.

import { same } from "./geometry";
import type { Change } from "./changes";

const MOST = 64;

/** The places of the changes that go together with the first one. Later ones pass those of other images alone. */
export function batch(waiting: readonly Change[], most = MOST): number[] {
  const [first] = waiting;
  if (!first) return [];
  const taken: number[] = [];
  const passed = new Set<string>();
  for (const [place, change] of waiting.entries()) {
    if (taken.length === most) break;
    if (fits(first, change) && !passed.has(change.imageId) && !repeats(change, taken.map((each) => waiting[each]!))) taken.push(place);
    else passed.add(change.imageId);
  }
  return taken;
}

/** Images lose one tag in a call, as a call takes each tag from each image. */
function fits(first: Change, change: Change): boolean {
  if (first.kind !== change.kind) return false;
  if (first.kind === "tag" && change.kind === "tag") return first.alone === change.alone;
  if (first.kind === "untag" && change.kind === "untag") return first.tagId === change.tagId;
  if (first.kind === "metadata" && change.kind === "metadata") return JSON.stringify(first.values) === JSON.stringify(change.values);
  return true;
}

/** The service refuses a whole call that has a thing twice. */
function repeats(change: Change, taken: readonly Change[]): boolean {
  return taken.some((each) => {
    if (each.imageId !== change.imageId) return false;
    if (each.kind === "tag" && change.kind === "tag") return each.tagId === change.tagId || !!change.alone;
    if (each.kind === "box" && change.kind === "box") return each.box.tagId === change.box.tagId && same(each.box, change.box);
    return each.kind !== "unbox";
  });
}
