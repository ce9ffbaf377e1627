// The boxes of the image that is looked at: which one is chosen, what is drawn, and all that can be done to them.

import { batch, computed, effect, signal } from "@preact/signals";
import { keyed, newKey, type Change, type KeyedBox } from "../model/changes";
import { beside, fresh, isTwin, open, rounded, type Suggested } from "../model/editing";
import type { Box, Point } from "../model/geometry";
import { counted } from "../model/labelling";
import { askFor, forget as forgetGuess, guess } from "./guess";
import { say } from "./notices";
import { act, announce } from "./outbox";
import * as pages from "./pages";
import { regular, tagName, tagOf } from "./project";
import * as sequence from "./sequence";
import * as showing from "./showing";
import { underHand } from "./waiting";
import { isLeftOut, least, seen, toggleLeftOut } from "./advice";

/** What a hand or a key is at, before it is done; a new box has no key yet. */
export interface Draft {
  imageId: string;
  key: string;
  box: Box;
  tagId: string;
}

/** Keys that follow each other sooner make one step. */
const PAUSE_MS = 800;

export const mode = signal<"draw" | "choose">("draw");
/** The key of the chosen box or suggestion. */
export const chosen = signal("");
/** The tag of the digit that was pressed while no box was chosen. */
export const armed = signal("");
export const draft = signal<Draft | null>(null);
/** Where the first of two clicks was. */
export const corner = signal<Point | null>(null);
export const hidden = signal(false);
/** Whether Enter puts a box in the middle. */
export const placing = signal(false);

const lastTag = signal("");
/** Boxes keep their numbers while they are moved, though a moved one is a new one to the service. */
const numbers = new Map<string, number>();
let last = 0;
let copied: readonly KeyedBox[] = [];
let timer = 0;

export const boxes = computed<readonly KeyedBox[]>(() => {
  const all = (showing.image.value?.regions ?? []).map(keyed);
  for (const { key } of all) numberOf(key);
  return all.sort((a, b) => numberOf(a.key) - numberOf(b.key));
});

/** What a model saw and nobody said yet, those that were left out too. */
export const suggested = computed<readonly Suggested[]>(() => {
  const { value: image } = showing.image;
  const says = image && image.metadata?.["background"] !== "true" ? seen(image.id) : [];
  const all = says.flatMap(({ boundingBox, tagId, probability }, place) =>
    boundingBox ? [{ key: `seen-${place}`, tagId, probability, ...boundingBox }] : [],
  );
  return open(all, boxes.value, least.value);
});
export const dashed = computed(() => suggested.value.filter(({ key }) => !isLeftOut(showing.id.value, key)));

export const find = (key: string): KeyedBox | undefined => boxes.value.find((box) => box.key === key) ?? dashed.value.find((box) => box.key === key);
/** A box that was moved, or given another tag, is another one to the service: where that is taken back, the one before is chosen. */
effect(() => {
  const { value: key } = chosen;
  if (!key || find(key)) return;
  const same = boxes.value.find((box) => numberOf(box.key) === numbers.get(key));
  if (same) chosen.value = same.key;
});
export const chosenBox = computed(() => find(chosen.value));
export const isSuggested = (key: string) => key.startsWith("seen-");

/** The tag of the next box; empty where the project has none. */
export const nextTag = computed(() => [armed.value, lastTag.value].find(tagOf) ?? regular.value[0]?.id ?? "");

function numberOf(key: string): number {
  if (!numbers.has(key)) numbers.set(key, ++last);
  return numbers.get(key)!;
}

/** The chosen box as it would be after more of the same keys; it is saved when they pause. */
export function edit(change: (box: Box) => Box): void {
  const box = chosenBox.value;
  if (!box) return;
  const at = draft.value?.key === box.key ? draft.value.box : box;
  draft.value = { imageId: showing.id.value, key: box.key, box: change(at), tagId: box.tagId };
  clearTimeout(timer);
  timer = window.setTimeout(settle, PAUSE_MS);
  underHand.value = true;
}

/** Save what keys have changed so far. */
export function settle(): void {
  clearTimeout(timer);
  timer = 0;
  const { value: pending } = draft;
  if (pending?.key) replace(pending.imageId, pending.key, pending.box, pending.tagId);
  draft.value = null;
  underHand.value = false;
}

/** How often something half done was forgotten: a hand that is still at it sees that it is over. */
export const cancelled = signal(0);

/** Forget what is half done, but not what keys have changed; whether there was anything. */
export function cancel(): boolean {
  if (timer) settle();
  const busy = !!draft.value || !!corner.value || placing.value;
  cancelled.value++;
  batch(() => {
    draft.value = null;
    corner.value = null;
    placing.value = false;
  });
  return busy;
}

export function draw(box: Box, tagId: string): void {
  add(showing.id.value, [{ ...rounded(box), tagId }], `${tagName(tagId)} drawn`);
  // Who pressed a digit before has said what it is.
  if (chosenBox.value && !armed.value) askFor(showing.id.value, chosenBox.value);
  else forgetGuess();
}

/** What the chosen box looks like, other than what it is said to be. */
export const offered = computed(() => (guess.value && guess.value.key === chosen.value ? guess.value : null));

/** Whether there was a guess to take. */
export function takeGuess(): boolean {
  const { value: taken } = offered;
  if (taken) giveTag(taken.tagId);
  return !!taken;
}

export function refuseGuess(): boolean {
  const isThere = !!offered.value;
  forgetGuess();
  return isThere;
}

/** A box at another place, or of another tag: the new one is made before the old one goes, so that a cut connection loses none. */
function replace(imageId: string, key: string, box: Box, tagId: string): void {
  const old = find(key) ?? pages.find(imageId)?.regions?.map(keyed).find((each) => each.key === key);
  if (!old) return;
  const { left, top, width, height } = rounded(box);
  const made = { key: newKey(), tagId, left, top, width, height };
  const label = old.tagId === tagId ? `${tagName(tagId)} moved` : `${tagName(old.tagId)} is ${tagName(tagId)}`;
  if (isTwin(old, made) && !isSuggested(key)) return;
  numbers.set(made.key, numberOf(key));
  if (isSuggested(key)) finish(imageId, `${tagName(tagId)} accepted`, made, []);
  else finish(imageId, label, made, [{ kind: "unbox", imageId, box: old }]);
}

/** Where the same box is there already, the old one only goes. */
function finish(imageId: string, label: string, made: KeyedBox, after: Change[]): void {
  const twin = pages.find(imageId)?.regions?.map(keyed).find((each) => isTwin(each, made));
  act(label, [...(twin ? [] : [{ kind: "box", imageId, box: made } as const]), ...after]);
  if (imageId === showing.id.value) chosen.value = twin?.key ?? made.key;
}

export function change(key: string, box: Box): void {
  const old = find(key);
  if (old) replace(showing.id.value, key, box, old.tagId);
}

/** The tag of the chosen box, else of those that are drawn next. */
export function giveTag(tagId: string): void {
  settle();
  forgetGuess();
  const { value: box } = chosenBox;
  lastTag.value = tagId;
  if (box) replace(showing.id.value, box.key, box, tagId);
  else armed.value = tagId;
}

export function remove(key = chosen.value): boolean {
  draft.value = null;
  settle();
  const box = find(key);
  if (!box) return false;
  if (isSuggested(key)) reject(key);
  else act(`${tagName(box.tagId)} deleted`, [{ kind: "unbox", imageId: showing.id.value, box }]);
  if (chosen.value === key) chosen.value = "";
  return true;
}

export function duplicate(): boolean {
  settle();
  const { value: box } = chosenBox;
  if (box) add(showing.id.value, [{ ...rounded(beside(box)), tagId: box.tagId }], `${tagName(box.tagId)} duplicated`);
  return !!box;
}

/** The chosen box, or all of them. */
export function copy(): boolean {
  settle();
  copied = chosenBox.value ? [chosenBox.value] : boxes.value;
  if (copied.length) say(`${counted(copied.length, "box", "boxes")} copied`);
  return copied.length > 0;
}

export function paste(): boolean {
  if (copied.length) together(copied, "pasted");
  return copied.length > 0;
}

/** The boxes of the image that was looked at before, or of the one that stands before. */
export function repeat(): void {
  const source = pages.find(showing.before.value) ?? sequence.at(showing.index.value - 1);
  const found = source?.regions?.map(keyed) ?? [];
  if (found.length) together(found, "repeated");
  else say(source ? "The image before has no boxes." : "There is no image before this one.");
}

export function acceptAll(): void {
  settle();
  if (dashed.value.length) together(dashed.value, "accepted");
}

export function accept(key: string): void {
  const box = find(key);
  if (box) replace(showing.id.value, key, box, box.tagId);
}

export function reject(key: string): void {
  toggleLeftOut(showing.id.value, key);
  if (chosen.value === key) chosen.value = "";
}

function together(some: readonly KeyedBox[], done: string): void {
  settle();
  const known = some.filter(({ tagId }) => tagOf(tagId));
  const wanted = fresh(known.map((box) => rounded(box)), boxes.value);
  if (wanted.length) announce(add(showing.id.value, wanted, `${counted(wanted.length, "box", "boxes")} ${done}`));
  else say("These boxes are here already.");
}

function add(imageId: string, some: readonly Omit<KeyedBox, "key">[], label: string) {
  const made = some.map(({ tagId, left, top, width, height }) => ({ key: newKey(), tagId, left, top, width, height }));
  lastTag.value = made.at(-1)!.tagId;
  const step = act(label, made.map((box) => ({ kind: "box", imageId, box })));
  chosen.value = made.length === 1 ? made[0]!.key : "";
  return step;
}

/** The next box, the suggested ones last. False past the end, where the hand leaves the picture. */
export function chooseNext(by: 1 | -1): boolean {
  settle();
  const keys = [...boxes.value, ...dashed.value].map(({ key }) => key);
  const at = keys.indexOf(chosen.value);
  const to = at < 0 ? (by > 0 ? 0 : keys.length - 1) : at + by;
  chosen.value = keys[to] ?? "";
  return to in keys;
}

/** What belonged to the image before is over. */
export function forget(): void {
  settle();
  cancel();
  forgetGuess();
  chosen.value = "";
}
