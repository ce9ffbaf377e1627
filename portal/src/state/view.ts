// Where somebody is in the grid: it is found again after a look at one image.

import { signal } from "@preact/signals";
import type { Image } from "../api/client";
import { isIn, NONE, withIds, type Selection } from "../model/selection";
import { readSuggesting } from "../model/suggesting";
import { stackOf } from "./alike";
import * as pages from "./pages";
import { route, search } from "./route";

export const focus = signal(0);
export const selection = signal<Selection>(NONE);
export const scrolled = signal(0);
/** Where a range begins. */
export const anchor = signal(0);
/** The tags that were given last, for `R`. */
export const lastTags = signal<readonly string[]>([]);

pages.keepIf((id) => isIn(selection.peek(), id) && !selection.peek().all);

export function forgetPlace(): void {
  focus.value = anchor.value = scrolled.value = 0;
  selection.value = NONE;
}

/** Whether the grid is in sight and nobody is at work in it: then it may show others under the hand. */
export function isAtRest(): boolean {
  const isShown = route.value.screen === "images" && !readSuggesting(search.value);
  if (!isShown || document.querySelector("dialog[open]")) return false;
  return !focus.value && !scrolled.value && !selection.value.all && !selection.value.ids.size;
}

/** Choose from the anchor to a place, as far as the images are there. */
export function chooseTo(index: number): void {
  const [from, to] = [Math.min(anchor.value, index), Math.max(anchor.value, index)];
  selection.value = withIds(NONE, loaded(from, to).map(({ id }) => id));
  focus.value = index;
}

export const loaded = (from: number, to: number): Image[] =>
  Array.from({ length: to - from + 1 }, (_, place) => pages.at(from + place)).filter((image) => image !== undefined);

/** Whether more images are chosen than are there. */
export const isFar = () => selection.value.all && loaded(0, (pages.total.value ?? 0) - 1).length < (pages.total.value ?? 0);

/** The images that are chosen, or the one under the focus. */
export function meant(): Image[] {
  const { ids, all } = selection.value;
  if (all) return loaded(0, (pages.total.value ?? 0) - 1).filter(({ id }) => !ids.has(id)).flatMap(stacked);
  if (ids.size) return [...ids].flatMap((id) => pages.find(id) ?? []).flatMap(stacked);
  const image = pages.at(focus.value);
  return image ? stacked(image) : [];
}

/** What is done to the first of a stack is done to all of it. */
const stacked = (image: Image): Image[] => (pages.query.value.grouped ? stackOf(image.id).flatMap((id) => pages.find(id) ?? []) : [image]);
