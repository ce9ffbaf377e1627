// Giving tags to what is meant, with words for what was done.

import type { Image, Tag } from "../api/client";
import type { Change } from "../model/changes";
import { hasTag } from "../model/changes";
import { counted, copies, toggles, type Rules } from "../model/labelling";
import { NONE, sizeOf } from "../model/selection";
import { act, announce } from "./outbox";
import * as pages from "./pages";
import { addTag, isDetector, isMulticlass, negative, tagName } from "./project";
import { anchor, focus, isFar, lastTags, meant, selection } from "./view";

const rules = (): Rules => ({ multiclass: isMulticlass.value, negativeId: negative.value?.id });

let turns = 0;
let lastTurn = 0;

/** True where something was done to one image alone, so that the hand may go on. */
export function toggleTag(images: readonly Image[], tag: Tag, turn = ++turns): boolean {
  if (!images.length) return false;
  const away = images.every((image) => hasTag(image, tag.id));
  if (!away && turn > lastTurn) {
    lastTurn = turn;
    lastTags.value = [tag.id];
  }
  const step = act(`${counted(images.length, "image")} ${away ? "no longer" : "tagged"} ${tag.name}`, toggles(images, tag.id, rules()));
  if (images.length > 1) announce(step);
  return images.length === 1 && !away;
}

/** Nothing of interest: the negative tag, or for a detector, which learns from what has no boxes, a note of it. */
export function markNegative(images: readonly Image[]): boolean {
  if (isDetector.value) return markBackground(images);
  if (negative.value) return toggleTag(images, negative.value);
  // It may be there only after others were given that were asked for later.
  const turn = ++turns;
  void addTag("Negative", "Negative").then((tag) => tag && toggleTag(images, tag, turn));
  return images.length === 1;
}

function markBackground(images: readonly Image[]): boolean {
  const away = images.every((image) => image.metadata?.["background"] === "true");
  const changes = images.map(({ id }): Change => ({ kind: "metadata", imageId: id, values: { background: away ? null : "true" } }));
  const step = act(`${counted(images.length, "image")} ${away ? "no longer" : "marked as"} background`, changes);
  if (images.length > 1) announce(step);
  return images.length === 1 && !away;
}

/** The tags of the last time. */
export function repeatTags(images: readonly Image[]): boolean {
  if (!lastTags.value.length || !images.length) return false;
  const names = lastTags.value.map(tagName).join(", ");
  const step = act(`${counted(images.length, "image")} tagged ${names}`, images.flatMap((image) => copies(image, lastTags.value, rules())));
  if (images.length > 1) announce(step);
  return images.length === 1;
}

export const deleteImages = (ids: readonly string[]) =>
  announce(act(`${counted(ids.length, "image")} deleted`, ids.map((imageId) => ({ kind: "delete", imageId }))));

/** So many images somebody may have seen; of more it is asked whether they are meant. */
const SEEN = 256;

/** The images that are chosen; where more are than a page knows of, the service is asked which. */
export async function deleteMeant(): Promise<void> {
  const count = isFar() ? sizeOf(selection.value, pages.total.value ?? 0) : meant().length;
  if (count > SEEN && !confirm(`Delete ${counted(count, "image")}? Ctrl+Z brings them back for 10 minutes.`)) return;
  const ids = isFar() ? await pages.idsBut(selection.value.ids) : meant().map(({ id }) => id);
  selection.value = NONE;
  deleteImages(ids);
  anchor.value = focus.value = Math.min(focus.value, Math.max((pages.total.value ?? 1) - 1, 0));
}
