// What a box that was just drawn looks like, by the boxes drawn before: asked once the hand rests.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import type { KeyedBox } from "../model/changes";
import { project, regular, tagOf } from "./project";

export interface Guess {
  /** The key of the box. */
  key: string;
  tagId: string;
  probability: number;
}

const REST_MS = 150;
const LIKELY = 0.6;
/** Where the service can't tell boxes apart yet, it is asked again after so many more. */
const PATIENCE = 4;

/** Until the next box, or another word about this one. */
export const guess = signal<Guess | null>(null);

let asking = 0;
let timer = 0;
let passing = 0;

export function forget(): void {
  asking++;
  clearTimeout(timer);
  guess.value = null;
}

/** A guess that is the box's own tag says nothing. */
export function askFor(imageId: string, box: KeyedBox): void {
  forget();
  const isApart = regular.value.filter(({ imageCount }) => imageCount > 0).length > 1;
  if (!isApart || passing-- > 0) return;
  const mine = asking;
  timer = window.setTimeout(() => void ask(imageId, box, mine), REST_MS);
}

async function ask(imageId: string, { key, tagId, ...sides }: KeyedBox, mine: number): Promise<void> {
  // Who gets no guess labels on by digits.
  const answer = await client.queryLiveBoxes(project.value!.id, imageId, { boxes: [sides] }).catch(() => null);
  if (answer?.state !== "Ready") passing = PATIENCE;
  const said = answer?.guesses[0];
  if (mine !== asking || !said?.tagId || said.tagId === tagId || said.probability < LIKELY || !tagOf(said.tagId)) return;
  guess.value = { key, tagId: said.tagId, probability: said.probability };
}
