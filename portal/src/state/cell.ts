// The images of a cell: what an iteration said of them then, and how they are labelled now.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import type { Image, ImagePerformance, Tag } from "../api/client";
import { Refused } from "../api/send";
import { newKey } from "../model/changes";
import type { Cell } from "../model/judging";
import { mended } from "../model/mending";
import { say } from "./notices";
import { act } from "./outbox";
import * as pages from "./pages";
import { project } from "./project";

const PAGE = 60;

export interface CellImages {
  key: string;
  cell: Cell;
  threshold: number;
  total: number;
  images: readonly ImagePerformance[];
}

/** Those of the cell that is looked at; of the one before while it is on its way. */
export const cellImages = signal<CellImages | null>(null);
export const fault = signal<unknown>(null);

export interface Place {
  iterationId: string;
  cell: Cell;
  threshold: number;
  overlap: number;
}

export const keyOf = ({ iterationId, cell, threshold, overlap }: Place) => JSON.stringify([iterationId, cell.truth, cell.said, cell.wrong, threshold, overlap]);

let wanted = "";

/** Read the images of a cell from its beginning, the surest errors first. */
export async function look(place: Place): Promise<void> {
  const key = keyOf(place);
  wanted = key;
  if (cellImages.value?.key === key && !fault.value) return;
  const id = project.value!.id;
  const asked = { ...place.cell, threshold: place.threshold, overlapThreshold: place.overlap };
  try {
    const [images, total] = await Promise.all([
      client.getImagePerformances(id, place.iterationId, { ...asked, take: PAGE }),
      client.getImagePerformanceCount(id, place.iterationId, asked),
    ]);
    await readNow(images);
    if (key !== wanted) return;
    cellImages.value = { key, cell: place.cell, threshold: place.threshold, total, images };
    fault.value = null;
  } catch (refused) {
    if (key === wanted) fault.value = refused;
  }
}

export async function more(place: Place): Promise<void> {
  const held = cellImages.value;
  if (!held || held.key !== keyOf(place)) return;
  const asked = { ...place.cell, threshold: place.threshold, overlapThreshold: place.overlap };
  const images = await client.getImagePerformances(project.value!.id, place.iterationId, { ...asked, take: PAGE, skip: held.images.length });
  await readNow(images);
  if (cellImages.value === held) cellImages.value = { ...held, images: [...held.images, ...images] };
}

/** How they are labelled now, so that they can be changed. Those that were deleted since are left out. */
async function readNow(images: readonly ImagePerformance[]): Promise<void> {
  const missing = images.map(({ id }) => id).filter((id) => !pages.find(id));
  if (!missing.length) return;
  for (const image of await found(missing)) pages.put(image);
}

/** Those of them that are still there: the service refuses all where one is gone. */
async function found(ids: readonly string[]): Promise<Image[]> {
  try {
    return await client.getImagesByIds(project.value!.id, { imageIds: [...ids] });
  } catch (fault) {
    if (!(fault instanceof Refused) || fault.status !== 404) throw fault;
    if (ids.length === 1) return [];
    const half = Math.ceil(ids.length / 2);
    return (await Promise.all([found(ids.slice(0, half)), found(ids.slice(half))])).flat();
  }
}

/** Give a tag to the box that the cell is about; false where it is not clear which one that is. */
export function mendBox(image: ImagePerformance, now: Image, { cell, threshold, overlap }: Place, tag: Tag): boolean {
  const changes = mended(image, now, cell, threshold, overlap, tag.id, newKey());
  if (changes.length) return act(`A box is ${tag.name}`, changes) !== null;
  say("No single box is meant here. Open the image to draw or choose one.");
  return false;
}

export function forget(): void {
  wanted = "";
  cellImages.value = null;
  fault.value = null;
}
