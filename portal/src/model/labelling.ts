// What giving a tag means: in a multiclass project it takes the place of others, and a negative one stands alone.

import type { Image } from "../api/client";
import { hasTag, tagIds, type Change } from "./changes";

export interface Rules {
  multiclass: boolean;
  negativeId: string | undefined;
}

/** Give images a tag; where all of them have it, take it away. */
export function toggles(images: readonly Image[], tagId: string, rules: Rules): Change[] {
  if (images.length && images.every((image) => hasTag(image, tagId))) return images.map((image) => takes(image, tagId, rules));
  return images.flatMap((image) => gives(image, tagId, rules));
}

/** Give an image a tag. What can't stand beside it goes first, as the service refuses both together. */
export function gives(image: Image, tagId: string, rules: Rules): Change[] {
  if (hasTag(image, tagId)) return [];
  const alone = rules.multiclass || tagId === rules.negativeId;
  const other = tagIds(image).filter((id) => alone || id === rules.negativeId);
  return [...other.map((id) => takes(image, id, rules)), { kind: "tag", imageId: image.id, tagId, ...(rules.multiclass && ALONE) }];
}

const ALONE = { alone: true } as const;

/** What takes it back gives the one tag alone, too; several come back beside each other. */
const takes = (image: Image, tagId: string, rules: Rules): Change => ({ kind: "untag", imageId: image.id, tagId, ...(rules.multiclass && tagIds(image).length === 1 && ALONE) });

/** The same tags as another image has. */
export const copies = (image: Image, tags: readonly string[], rules: Rules): Change[] => tags.flatMap((tagId) => gives(image, tagId, rules));

/** `3 images`; a noun with a plural of its own brings it along. */
export const counted = (count: number, noun: string, nouns = `${noun}s`) => `${count.toLocaleString()} ${count === 1 ? noun : nouns}`;
