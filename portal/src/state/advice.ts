// What the newest trained iteration, or before one the live model, sees on images that have no tag yet, and what on them stands out.

import { computed, effect, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Prediction } from "../api/client";
import { tagIds } from "../model/changes";
import type { Box } from "../model/geometry";
import { LIVE } from "../model/suggesting";
import * as pages from "./pages";
import { isReady } from "./live";
import { isDetector, iterations, project, tagName, tagOf } from "./project";
import { LABELERS, may } from "./session";
import * as showing from "./showing";
import { settled } from "./waiting";

const SHOWN = 3;
/** A young model is sure of little, and a wrong box is seen at once. */
const LIKELY = 0.3;

/** The iteration that is asked. */
export const adviser = computed(() =>
  iterations.value.filter(({ status }) => status === "Completed").reduce<client.Iteration | undefined>((newest, each) => (!newest || (each.trainedAt ?? "") > (newest.trainedAt ?? "") ? each : newest), undefined),
);
/** Suggestions that are less sure are not shown on a picture. */
export const least = signal(LIKELY);
/** What somebody left out, by the image and what was suggested. */
export const leftOut = signal<ReadonlySet<string>>(new Set());

/**
 * Who is asked: that iteration, or the live model where none is trained; empty where nobody can say anything. A
 * detector's live model tells by its answers alone.
 */
export const source = computed(() => adviser.value?.id ?? (isReady.value || isDetector.value ? LIVE : ""));

const answers = signal<ReadonlyMap<string, readonly Prediction[]>>(new Map());
const proposals = signal<ReadonlyMap<string, readonly Box[]>>(new Map());
const asked = new Set<string>();
/** What nothing could be said of yet is asked again from the next image on. */
const unsaid = new Set<string>();
let standing = "";
/** Boxes are looked for on so many images, the open one first. */
const AHEAD = 2;
let wanted: readonly string[] = [];
let isLooking = false;

const nameOf = (imageId: string) => `${source.value} ${imageId}`;

/** Of tags that are still there, the surest first. */
export const seen = (imageId: string): readonly Prediction[] =>
  (answers.value.get(nameOf(imageId)) ?? []).filter(({ tagId }) => tagOf(tagId)).toSorted((a, b) => b.probability - a.probability);

export const proposalsFor = (imageId: string) => proposals.value.get(imageId) ?? [];

/** The three that are shown beside a picture that has no tag. */
export const guesses = computed(() => {
  const { value: image } = showing.image;
  return image && !tagIds(image).length ? seen(image.id).slice(0, SHOWN) : [];
});

export const isLeftOut = (imageId: string, what: string) => leftOut.value.has(`${imageId} ${what}`);

export function toggleLeftOut(imageId: string, what: string): void {
  const all = new Set(leftOut.value);
  if (!all.delete(`${imageId} ${what}`)) all.add(`${imageId} ${what}`);
  leftOut.value = all;
}

/** Nothing is asked twice, unless it failed. */
function once(names: readonly string[], ask: () => Promise<void>): void {
  for (const name of names) asked.add(name);
  ask().catch(() => names.forEach((name) => asked.delete(name)));
}

function askForSuggestions(projectId: string, iterationId: string, imageIds: readonly string[]): void {
  const untagged = imageIds.filter((id) => !asked.has(`${iterationId} ${id}`) && !tagIds(pages.find(id)!).length);
  if (!untagged.length) return;
  once(untagged.map((id) => `${iterationId} ${id}`), async () => {
    const made = iterationId === LIVE ? await askLive(projectId, untagged) : await client.suggestTagsAndRegions(projectId, { iterationId, imageIds: untagged });
    answered(iterationId, made);
  });
}

type Said = readonly { id: string; predictions: readonly Prediction[] }[];

function answered(by: string, made: Said): void {
  answers.value = new Map([...answers.value, ...made.map(({ id, predictions }) => [`${by} ${id}`, predictions] as const)]);
}

/** It names the one tag that it takes an image for. */
async function askLive(projectId: string, imageIds: string[]): Promise<{ id: string; predictions: Prediction[] }[]> {
  const { results } = await client.queryLive(projectId, { imageIds });
  return results.map((said) => ({ id: said.imageId, predictions: predicted(said) }));
}

/** Labels go first, then one picture after the other of those that are near by then: each takes the service a second. */
async function lookForBoxes(): Promise<void> {
  if (isLooking) return;
  isLooking = true;
  await settled();
  for (let id = unlooked(); id; id = unlooked()) {
    asked.add(`${LIVE} ${id}`);
    const answer = await client.queryLiveBoxes(project.value!.id, id, {}).catch(() => null);
    if (answer?.state !== "Ready") unsaid.add(`${LIVE} ${id}`);
    const found = (answer?.found ?? []).flatMap((each) => predicted(each).map((said) => ({ ...said, boundingBox: each.boundingBox })));
    answered(LIVE, [{ id, predictions: found }]);
    await settled();
  }
  isLooking = false;
}

const unlooked = () => wanted.find((id) => !asked.has(`${LIVE} ${id}`) && pages.find(id) && !tagIds(pages.find(id)!).length);

/** Somebody has gone on, and may have drawn boxes before. */
function askAgain(): void {
  if (standing === showing.id.value) return;
  standing = showing.id.value;
  for (const name of unsaid) asked.delete(name);
  unsaid.clear();
}

export const predicted = ({ tagId, probability }: { tagId: string | null; probability: number }): Prediction[] =>
  tagId && tagOf(tagId) ? [{ tagId, probability, tagName: tagName(tagId), tagType: tagOf(tagId)!.type }] : [];

function askForProposals(projectId: string, imageId: string): void {
  if (asked.has(imageId)) return;
  once([imageId], async () => {
    const found = await client.getImageRegionProposals(projectId, imageId);
    proposals.value = new Map([...proposals.value, [imageId, found.proposals.map(({ boundingBox }) => boundingBox)]]);
  });
}

/** Ask about the image and those that come next. */
effect(() => {
  wanted = [];
  const { value: opened } = project;
  const near = showing.soon.value.filter((id) => pages.find(id));
  if (!opened || !near.length || !may(LABELERS)) return;
  askAgain();
  const isAlone = isDetector.value && source.value === LIVE;
  if (isAlone) wanted = near.slice(0, AHEAD);
  if (isAlone) void lookForBoxes();
  else if (source.value) askForSuggestions(opened.id, source.value, near);
  if (isDetector.value) for (const id of near.slice(0, AHEAD)) askForProposals(opened.id, id);
});
