// The one image that is looked at, its place among the others, and the way to the next.

import { computed, effect, signal } from "@preact/signals";
import type { Image } from "../api/client";
import { say } from "./notices";
import * as pages from "./pages";
import { project } from "./project";
import { go, pathOf, route, search } from "./route";
import * as sequence from "./sequence";

/** The next two and the one before are there before somebody asks for them. */
const AHEAD = [1, 2, -1];

export const id = computed(() => (route.value.screen === "image" ? (route.value.rest[0] ?? "") : ""));
export const image = computed(() => (void pages.revision.value, pages.find(id.value)));
/** Its place in the view; -1 while that is not known. */
export const index = computed(() => (void pages.revision.value, sequence.indexOf(id.value)));
export const fault = signal<unknown>(null);
/** The image that was looked at before this one. */
export const before = signal("");

const SEEN_MS = 300;
const seen = signal("");
/** Whether the picture has been there for a moment: Enter accepts nothing that nobody could see. */
export const isSeen = computed(() => seen.value === id.value);
/** The picture of an image is there. */
export const appear = (imageId: string) => void setTimeout(() => imageId === id.value && (seen.value = imageId), SEEN_MS);

const neighbours = computed(() => (void pages.revision.value, index.value < 0 ? [] : AHEAD.flatMap((by) => sequence.at(index.value + by) ?? [])));

let decoded: HTMLImageElement[] = [];

/** Fetch what the address names: the view that it belongs to, the image, and what comes after it. */
export async function open(wanted: string): Promise<void> {
  fault.value = null;
  try {
    await sequence.open();
    if (!pages.find(wanted)) await pages.fetch([wanted]);
    if (!sequence.isSuggested.value && pages.indexOf(wanted) < 0) await locate(pages.find(wanted)!);
    if (id.value !== wanted || index.value < 0) return;
    sequence.focusOn(wanted);
    sequence.need(Math.max(index.value - 1, 0), index.value + 2);
  } catch (refused) {
    if (id.value === wanted) fault.value = refused;
  }
}

/** The images of a view are in the order of their age: halve it until the image's page is found. */
async function locate({ id: wanted, created }: Image): Promise<void> {
  const newest = pages.query.value.order === "Newest";
  let [low, high] = [0, pages.total.value ?? 0];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = await there(middle);
    if (!row || id.value !== wanted) return;
    if (row.id === wanted) return;
    if (newest ? row.created > created : row.created < created) low = middle + 1;
    else high = middle;
  }
  await there(low);
}

/** A row, fetched where it must be. */
async function there(place: number): Promise<Image | undefined> {
  if (place < 0 || place >= (pages.total.value ?? 0)) return undefined;
  pages.need(place, place);
  await new Promise<void>((resolve) => {
    const stop = effect(() => {
      void pages.revision.value;
      if (!pages.at(place) && !pages.fault.value && place < (pages.total.value ?? 0)) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
  return pages.at(place);
}

/** Go on by so many images. Where the view ends, it says so. */
export async function step(by: number): Promise<void> {
  const to = index.value + by;
  if (to < 0 || to >= (sequence.total.value ?? 0)) return void say(by > 0 ? "That was the last image." : "This is the first image.");
  const next = sequence.at(to) ?? (await there(to));
  if (next) show(next.id);
}

/** To the next image, or to the one before where it is the last, or to the grid where it is the only one. */
export async function pass(): Promise<void> {
  const { value: total } = sequence.total;
  if (index.value < 0 || (total ?? 0) < 2) leave();
  else await step(index.value + 1 < total! ? 1 : -1);
}

function show(next: string): void {
  before.value = id.value;
  go(pathOf(project.value!.id, "image", next) + search.value, true);
}

/** Back to the grid, at the same place. */
export function leave(): void {
  sequence.focusOn(id.value);
  go(pathOf(project.value!.id, "images") + search.value);
}

/** Have the pictures of the neighbours decoded. */
effect(() => {
  const addresses = neighbours.value.map(({ resizedImageUri }) => resizedImageUri);
  decoded = addresses.map((address) => decoded.find(({ src }) => src === address) ?? fetched(address));
});

function fetched(address: string): HTMLImageElement {
  const picture = document.createElement("img");
  picture.src = address;
  // One that can't be had is told of when somebody looks at it.
  picture.decode().catch(() => {});
  return picture;
}

/** The ids of the image and of those that come next, for what is asked of the service ahead of time. */
export const soon = computed(() => (void pages.revision.value, [id.value, ...neighbours.value.map((row) => row.id)].filter(Boolean)));
