// Images that look alike: those most like one, near-duplicates in stacks, a part of the map. The live model lists them.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import type { Image } from "../api/client";
import { EVERYTHING, writeQuery, type ImageQuery } from "../model/query";
import { picked } from "./picked";
import { isDetector, project } from "./project";
import { go, pathOf } from "./route";

/** Rows of a view, and images besides that it has to know. */
export interface Listed {
  total: number;
  listed: Image[];
  beside: Image[];
}

/** A screen or two; the farther down, the less alike. */
const SIMILAR = 100;
const STACKS = 100;
const AT_ONCE = 256;

/** The ids of each stack, by that of its first image. */
const stacks = signal<ReadonlyMap<string, readonly string[]>>(new Map());

/** All of its stack; itself alone where it is in none. */
export const stackOf = (imageId: string): readonly string[] => stacks.value.get(imageId) ?? [imageId];

export function list(projectId: string, { like, grouped, mapped }: ImageQuery): Promise<Listed> {
  if (mapped) return chosen(projectId);
  return grouped ? groups(projectId) : similar(projectId, like);
}

async function chosen(projectId: string): Promise<Listed> {
  const listed = await fetched(projectId, picked.value);
  return { total: listed.length, listed, beside: [] };
}

/** The image itself comes first, to compare the others with. */
async function similar(projectId: string, imageId: string): Promise<Listed> {
  const found = await client.getSimilarImages(projectId, imageId, { take: SIMILAR });
  const listed = found.length ? await fetched(projectId, [imageId, ...found.map((each) => each.imageId)]) : [];
  return { total: listed.length, listed, beside: [] };
}

async function groups(projectId: string): Promise<Listed> {
  const { groups: found } = await client.getNearDuplicates(projectId, { take: STACKS });
  stacks.value = new Map(found.map((ids) => [ids[0]!, ids]));
  const images = await fetched(projectId, found.flat());
  const listed = images.filter(({ id }) => stacks.value.has(id));
  return { total: listed.length, listed, beside: images.filter(({ id }) => !stacks.value.has(id)) };
}

/** In this order; those that are gone are left out. */
async function fetched(projectId: string, ids: readonly string[]): Promise<Image[]> {
  const parts = Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, part) => ids.slice(part * AT_ONCE, (part + 1) * AT_ONCE));
  const found = await Promise.all(parts.map((imageIds) => client.getImagesByIds(projectId, { imageIds: [...imageIds] })));
  const byId = new Map(found.flat().map((image) => [image.id, image]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Show what looks like an image; it is a step that the browser goes back from. */
export function seeLike(imageId: string | undefined): false | void {
  if (!imageId || isDetector.value) return false;
  go(pathOf(project.value!.id, "images") + writeQuery({ ...EVERYTHING, like: imageId }));
}
