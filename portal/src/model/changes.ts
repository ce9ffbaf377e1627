// What can be done to images, as values: how an image looks after a change, and what takes it back.

import type { Image, ImageRegion } from "../api/client";
import { near } from "./geometry";

/** A box as the page knows it. Its key stays when it is deleted and comes back under another id of the service. */
export interface KeyedBox {
  key: string;
  tagId: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Tagging {
  kind: "tag" | "untag";
  imageId: string;
  tagId: string;
  /** The tag takes the place of all others, those too that somebody else gives at this moment. */
  alone?: true;
}

export interface Boxing {
  kind: "box" | "unbox";
  imageId: string;
  box: KeyedBox;
}

export type Change =
  | Tagging
  | Boxing
  | { kind: "delete" | "restore"; imageId: string }
  | { kind: "metadata"; imageId: string; values: Record<string, string | null> };

export type TagNames = (tagId: string) => string;

const INVERSE = { tag: "untag", untag: "tag", box: "unbox", unbox: "box", delete: "restore", restore: "delete" } as const;

/** The changes that take it back, of an image as it was before. A tag that goes takes its boxes with it. */
export function inverse(change: Change, before: Image | undefined): Change[] {
  if (change.kind === "metadata") {
    const had = before?.metadata ?? {};
    const values = Object.fromEntries(Object.keys(change.values).map((name) => [name, had[name] ?? null]));
    return [{ ...change, values }];
  }
  const back = { ...change, kind: INVERSE[change.kind] } as Change;
  return change.kind === "untag" ? [back, ...boxesOf(change, before)] : [back];
}

function boxesOf({ imageId, tagId }: { imageId: string; tagId: string }, image: Image | undefined): Change[] {
  const regions = image?.regions?.filter((region) => region.tagId === tagId) ?? [];
  return regions.map((region) => ({ kind: "box", imageId, box: keyed(region) }));
}

/** A region as a box with a key. */
export const keyed = ({ regionId: key, tagId, left, top, width, height }: ImageRegion): KeyedBox => ({ key, tagId, left, top, width, height });

/** What takes back all of them, the last first. */
export const inverses = (changes: readonly Change[], find: (id: string) => Image | undefined): Change[] =>
  changes.toReversed().flatMap((change) => inverse(change, find(change.imageId)));

/** The image after the change; the very same one where that changes nothing. */
export function applied(image: Image, change: Change, named: TagNames): Image {
  if (change.imageId !== image.id) return image;
  if (change.kind === "tag") return tagged(image, change.tagId, named);
  if (change.kind === "untag") return untagged(image, change.tagId);
  if (change.kind === "box") return boxed(image, change.box, named);
  if (change.kind === "unbox") return unboxed(image, change.box);
  if (change.kind === "metadata") return noted(image, change.values);
  return image;
}

export const tagIds = (image: Image) => image.tags?.map((tag) => tag.tagId) ?? [];
export const hasTag = (image: Image, tagId: string) => tagIds(image).includes(tagId);

function tagged(image: Image, tagId: string, named: TagNames): Image {
  if (hasTag(image, tagId)) return image;
  const tag = { tagId, tagName: named(tagId), created: new Date().toISOString() };
  return { ...image, tags: [...(image.tags ?? []), tag] };
}

function untagged(image: Image, tagId: string): Image {
  if (!hasTag(image, tagId)) return image;
  const rest = { tags: image.tags?.filter((tag) => tag.tagId !== tagId) };
  return { ...image, ...rest, regions: image.regions?.filter((region) => region.tagId !== tagId) };
}

/** A box by its key; else by what it is, as the service has a name of its own for one that was drawn before a reload. */
const placeOf = (regions: readonly ImageRegion[], box: KeyedBox) => {
  const place = regions.findIndex(({ regionId }) => regionId === box.key);
  return place >= 0 ? place : regions.findIndex((region) => region.tagId === box.tagId && near(region, box));
};

function boxed(image: Image, box: KeyedBox, named: TagNames): Image {
  if (placeOf(image.regions ?? [], box) >= 0) return image;
  const { key, ...rest } = box;
  const region: ImageRegion = { ...rest, regionId: key, tagName: named(box.tagId), created: new Date().toISOString() };
  return tagged({ ...image, regions: [...(image.regions ?? []), region] }, box.tagId, named);
}

/** The last box of a tag takes the tag with it, as in the service. */
function unboxed(image: Image, box: KeyedBox): Image {
  const place = placeOf(image.regions ?? [], box);
  if (place < 0) return image;
  const regions = image.regions!.toSpliced(place, 1);
  const rest = { ...image, regions };
  return regions.some((region) => region.tagId === box.tagId) ? rest : untagged(rest, box.tagId);
}

function noted(image: Image, values: Record<string, string | null>): Image {
  const metadata = Object.entries({ ...image.metadata, ...values }).filter(([, value]) => value !== null);
  return { ...image, metadata: Object.fromEntries(metadata) as Record<string, string> };
}

/** Not by randomUUID, which browsers keep from pages over HTTP. */
const digits = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The key of a box that the service does not know yet. */
export const newKey = () => `new-${digits()}`;

/** An id, for what the service is to know by it before it answers. */
export const newId = () => digits().replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
