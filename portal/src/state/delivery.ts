// One call for changes of one kind; some of them may be refused while the others are done.

import * as client from "../api/client";
import type { ImageRegion, ImageRegionCreateSummary } from "../api/client";
import type { Boxing, Change, KeyedBox, Tagging } from "../model/changes";
import { PATIENCE_SECONDS } from "./doubts";
import { keepRegion, regionId, type Entry } from "./waiting";

export interface Delivery {
  refused: readonly { entry: Entry; why: string }[];
}

const ALL: Delivery = { refused: [] };
const PATIENCE = { patience: PATIENCE_SECONDS };
const NEAR = 1e-6;

/** Raises Refused where none of it was done. */
export async function deliver(entries: readonly Entry[]): Promise<Delivery> {
  const { projectId, change } = entries[0]!;
  const images = entries.map((entry) => entry.change.imageId);
  if (change.kind === "tag") return tag(projectId, entries);
  if (change.kind === "box") return draw(projectId, entries);
  if (change.kind === "untag") await client.deleteImageTags(projectId, { imageIds: images, tagIds: [change.tagId] }, PATIENCE);
  if (change.kind === "unbox") await client.deleteImageRegions(projectId, { regionIds: changes<Boxing>(entries).map(({ box }) => regionId(box.key)) }, PATIENCE);
  if (change.kind === "delete") await client.deleteImages(projectId, { imageIds: images }, PATIENCE);
  if (change.kind === "restore") return restore(projectId, entries);
  if (change.kind === "metadata") await client.updateImageMetadata(projectId, { imageIds: images }, change.values, PATIENCE);
  return ALL;
}

const changes = <Kind extends Change>(entries: readonly Entry[]) => entries.map(({ change }) => change as Kind);

async function tag(projectId: string, entries: readonly Entry[]): Promise<Delivery> {
  const tags = changes<Tagging>(entries).map(({ imageId, tagId }) => ({ imageId, tagId }));
  const { alone } = changes<Tagging>(entries)[0]!;
  const { exceeded } = await client.createImageTags(projectId, alone ? { alone } : {}, { tags }, PATIENCE);
  const over = new Set(exceeded.map(({ imageId, tagId }) => imageId + tagId));
  const refused = entries.filter((_, place) => over.has(tags[place]!.imageId + tags[place]!.tagId));
  return { refused: refused.map((entry) => ({ entry, why: "The image has as many tags as an image may have." })) };
}

async function restore(projectId: string, entries: readonly Entry[]): Promise<Delivery> {
  const { gone, duplicated } = await client.restoreImages(projectId, { imageIds: entries.map(({ change }) => change.imageId) }, PATIENCE);
  const isDuplicate = (id: string) => duplicated.some(({ imageId, presentId }) => imageId === id && presentId !== id);
  const why = ({ change: { imageId } }: Entry) => {
    if (gone.includes(imageId)) return "It was deleted too long ago.";
    return isDuplicate(imageId) ? "The same picture was uploaded again meanwhile." : "";
  };
  return { refused: entries.flatMap((entry) => (why(entry) ? [{ entry, why: why(entry) }] : [])) };
}

async function draw(projectId: string, entries: readonly Entry[]): Promise<Delivery> {
  const drawn = changes<Boxing>(entries);
  const regions = drawn.map(({ imageId, box: { key: _key, ...box } }) => ({ imageId, ...box }));
  const summary = await client.createImageRegions(projectId, { regions }, PATIENCE);
  const there = [...summary.created, ...(await standing(projectId, summary))];
  drawn.forEach(({ imageId, box }) => keepRegion(box.key, idOf(there, imageId, box) ?? regionId(box.key)));
  const why = (place: number) => summary.exceeded.find((each) => each.imageId === drawn[place]!.imageId && isNear(each, drawn[place]!.box))?.message;
  return { refused: entries.flatMap((entry, place) => (why(place) ? [{ entry, why: why(place)! }] : [])) };
}

type Placed = ImageRegion & { imageId: string };

/** Boxes that the service has already, as its answer was lost on the way: by which ids. */
async function standing(projectId: string, { duplicated }: ImageRegionCreateSummary): Promise<Placed[]> {
  const imageIds = [...new Set(duplicated.map(({ imageId }) => imageId))];
  const images = imageIds.length ? await client.getImagesByIds(projectId, { imageIds }) : [];
  return images.flatMap(({ id, regions }) => regions?.map((region) => ({ ...region, imageId: id })) ?? []);
}

/** The answer is in no order, and numbers may come back rounded. */
function idOf(there: readonly Placed[], imageId: string, box: KeyedBox): string | undefined {
  return there.find((each) => each.imageId === imageId && each.tagId === box.tagId && isNear(each, box))?.regionId;
}

type Sides = { left: number | null; top: number | null; width: number | null; height: number | null };
const isNear = (a: Sides, b: KeyedBox) => (["left", "top", "width", "height"] as const).every((side) => Math.abs((a[side] ?? 0) - b[side]) < NEAR);
