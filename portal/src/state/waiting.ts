// Changes that the service has not confirmed yet. They outlive a reload of the tab.

import { computed, effect, signal } from "@preact/signals";
import type { Image } from "../api/client";
import { applied, type Change } from "../model/changes";
import type { Step } from "../model/history";
import { tagName } from "./project";

export interface Entry {
  id: number;
  projectId: string;
  change: Change;
  /** Sent by itself, as it was part of a call that was refused. */
  alone?: boolean;
  /** The service may have it already. */
  sent?: boolean;
  step?: Step<Change>;
  /** What was done by one hand: a new box and the one that it replaces. */
  group?: number;
}

const PLACE = "ocellus.waiting";
const IDS = "ocellus.regions";

export const waiting = signal<readonly Entry[]>(readWaiting());
/** What keys are still at: it waits as well, though it is no change yet. */
export const underHand = signal(false);
export const count = computed(() => waiting.value.length + Number(underHand.value));

/** The ids that the service gave to boxes which were made here, by their keys. */
const regionIds = new Map<string, string>(readRegions());

export const regionId = (key: string) => regionIds.get(key) ?? key;
export const isDrawn = (key: string) => !key.startsWith("new-") || regionIds.has(key);

export function keepRegion(key: string, id: string): void {
  regionIds.set(key, id);
  store(IDS, [...regionIds].slice(-2000));
}

export function setWaiting(entries: readonly Entry[]): void {
  waiting.value = entries;
  store(PLACE, entries.map(({ step: _step, ...entry }) => entry));
}

export function markSent(entries: readonly Entry[]): void {
  const ids = new Set(entries.map(({ id }) => id));
  setWaiting(waiting.value.map((entry) => (ids.has(entry.id) ? { ...entry, sent: true } : entry)));
}

/** Comes when the service has everything, or after so long. */
export const settled = (most = Infinity) => new Promise<void>((resolve) => {
  if (!count.value) return resolve();
  const end = effect(() => void (count.value || queueMicrotask(finish)));
  const finish = () => (resolve(), end());
  if (most < Infinity) setTimeout(finish, most);
});

/** What the service took lately: an answer that was under way then may not have it. */
const taken: { at: number; entry: Entry }[] = [];
const LATELY_MS = 60_000;

export function keepTaken(entries: readonly Entry[]): void {
  const at = performance.now();
  taken.push(...entries.map((entry) => ({ at, entry })));
  while (taken[0] && taken[0].at < at - LATELY_MS) taken.shift();
}

/** All that an answer which was asked for at that time may lack, in order. */
const lacking = (asked: number) => [...taken.filter(({ at }) => at >= asked).map(({ entry }) => entry), ...waiting.value];

/** An image as it will be when all that waits is done. */
export const foreseen = (image: Image, asked = Infinity): Image =>
  lacking(asked).reduce((seen, { change }) => applied(seen, change, tagName), image);

export const isWaitingFor = (imageId: string) => waiting.value.some(({ change }) => change.imageId === imageId);
export const isGoing = (imageId: string, asked = Infinity) =>
  lacking(asked).findLast(({ change }) => change.imageId === imageId && /delete|restore/.test(change.kind))?.change.kind === "delete";

export function store(place: string, value: unknown): void {
  try {
    sessionStorage.setItem(place, JSON.stringify(value));
  } catch {
    // There is no more room: what waits is in memory all the same, and the page asks before it is left.
  }
}

function readWaiting(): Entry[] {
  return JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
}

function readRegions(): [string, string][] {
  return JSON.parse(sessionStorage.getItem(IDS) ?? "[]");
}
