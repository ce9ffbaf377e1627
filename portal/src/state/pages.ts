// The images of a query, as many of them as somebody has looked at: a sparse list that does not shift under the hand.

import { batch, computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Image } from "../api/client";
import { tagIds } from "../model/changes";
import { EVERYTHING, isEverything, isList, matches, nameFilter, writeQuery, type ImageQuery } from "../model/query";
import { list, type Listed } from "./alike";
import { counts, isDetector, project } from "./project";
import { foreseen, isGoing, isWaitingFor, settled } from "./waiting";

const KEPT_PAGES = 24;
const TAKEN = 256;
const PATIENCE_MS = 2000;

export const query = signal<ImageQuery>(EVERYTHING);
/** How many rows the view has; null until they were counted. */
export const total = signal<number | null>(null);
/** Changes with every row: who reads rows in a render reads it first. */
export const revision = signal(0);
/** Images that were uploaded here since the view was opened. */
const came = signal(0);
/** Images that are not in the view yet. That of all lacks what is counted, whoever brought it. */
export const fresh = computed(() => (isEverything(query.value) ? Math.max((counts.value?.All ?? 0) - (total.value ?? Infinity), 0) : came.value));
export const fault = signal<unknown>(null);
/** The project whose images they are. */
export const shownOf = signal("");

/** Without holes, which `filter` would drop: a row that was never fetched is there, and undefined. */
let rows: (Image | undefined)[] = [];
let under = new Set<number>();
let places = new Map<string, number>();
let opening = 0;
const apart = new Map<string, Image>();

const size = () => (isDetector.value ? 128 : 256);
const changed = () => void revision.value++;

export const at = (index: number) => rows[index];
export const indexOf = (id: string) => places.get(id) ?? -1;
export const find = (id: string) => rows[places.get(id) ?? -1] ?? apart.get(id);
/** How many rows no longer fit what was asked for. */
export const stale = computed(() => (revision.value, isEverything(query.value) ? 0 : rows.reduce((sum, row) => sum + Number(!!row && !fits(row)), 0)));

const fits = (row: Image) => matches(query.value, tagIds(row));

const asked = () => {
  const { tagIds, status, search } = query.value;
  return { tagIds: [...tagIds], taggingStatus: status, ...(search ? { $filter: nameFilter(search) } : {}) };
};

/** Ends when the view that was opened last has its first rows, or never will. */
export let opened = Promise.resolve();

/** Show what a query asks for, from its beginning. */
export async function open(wanted: ImageQuery): Promise<void> {
  query.value = wanted;
  filling = false;
  begin(null);
  changed();
  await (opened = reopen());
}

/** The same query once more, with what has changed since; until that is there, what is shown stays. */
export async function reopen(): Promise<void> {
  const mine = ++opening;
  const { id } = project.value!;
  shownOf.value = id;
  // What was just done counts already.
  await settled(PATIENCE_MS);
  if (mine !== opening) return;
  const asking = performance.now();
  try {
    const { total: counted, listed, beside } = await (isList(query.value) ? list(id, query.value) : firstPage(id));
    if (mine !== opening) return;
    begin(Math.max(counted, listed.length));
    under.add(0);
    for (const image of beside) apart.set(image.id, foreseen(image, asking));
    fill(0, listed, asking);
  } catch (refused) {
    if (mine === opening) fault.value = refused;
  }
  changed();
}

async function firstPage(id: string): Promise<Listed> {
  const first = client.getImages(id, { ...asked(), orderBy: query.value.order, take: size() });
  const [counted, listed] = await Promise.all([counting(id), first]);
  // One that is not full is all there is, whatever was counted a while ago.
  return { total: listed.length < size() ? listed.length : counted, listed, beside: [] };
}

function begin(length: number | null): void {
  rows = Array.from({ length: length ?? 0 });
  under = new Set();
  places = new Map();
  apart.clear();
  total.value = length;
  fault.value = null;
  came.value = 0;
}

const counting = (id: string) => (isEverything(query.value) && counts.value ? Promise.resolve(counts.value.All) : client.getImageCount(id, asked()));

/** These rows come into sight: what of them is not there is fetched. */
export function need(from: number, to: number): void {
  const first = Math.floor(from / size());
  const last = Math.floor(Math.min(to, rows.length - 1) / size());
  for (let page = first; page <= last; page++) if (!under.has(page)) void load(page);
  if (under.size > KEPT_PAGES) drop(first, last);
}

async function load(page: number): Promise<void> {
  const mine = opening;
  const id = project.value!.id;
  const from = page * size();
  const asking = performance.now();
  under.add(page);
  try {
    const listed = await client.getImages(id, { ...asked(), orderBy: query.value.order, take: size(), skip: skipOf(from) });
    if (mine !== opening) return;
    fill(from, listed, asking);
    if (listed.length < Math.min(size(), rows.length - from)) cut(from, listed.length);
  } catch (refused) {
    under.delete(page);
    if (mine === opening) fault.value = refused;
  }
  changed();
}

/** The ids of all that the query finds, but for some. */
export async function idsBut(left: ReadonlySet<string>): Promise<string[]> {
  const { id } = project.value!;
  const ids = new Set<string>();
  for (let skip = 0, count = TAKEN; count === TAKEN; skip += TAKEN) {
    const listed = await client.getImages(id, { ...asked(), orderBy: query.value.order, take: TAKEN, skip });
    count = listed.length;
    for (const image of listed) if (!left.has(image.id)) ids.add(image.id);
  }
  return [...ids];
}

/** Where the service has what the view has at a place: new images shift it, and those that fit no more. */
function skipOf(place: number): number {
  const before = rows.slice(0, place);
  const left = before.reduce((sum, row) => sum + Number(!!row && !fits(row) && !isWaitingFor(row.id)), 0);
  return Math.max(place - left + (query.value.order === "Newest" ? fresh.value : 0), 0);
}

function fill(from: number, listed: readonly Image[], asking: number): void {
  let place = from;
  for (const image of listed) {
    while (rows[place] && rows[place]!.id !== image.id) place++;
    if (isGoing(image.id, asking) || (places.has(image.id) && places.get(image.id) !== place)) continue;
    if (place >= rows.length) break;
    rows[place] = foreseen(image, asking);
    places.set(image.id, place);
    place++;
  }
}

/** Others deleted images: the view ends where the service's list does. */
function cut(from: number, length: number): void {
  if (rows.slice(from + length).some(Boolean)) return;
  rows.length = from + length;
  total.value = rows.length;
}

function drop(first: number, last: number): void {
  const far = [...under].sort((a, b) => distance(b, first, last) - distance(a, first, last));
  for (const page of far.slice(0, under.size - KEPT_PAGES)) {
    if (distance(page, first, last) === 0) return;
    const held = Array.from({ length: size() }, (_, place) => page * size() + place).filter((place) => rows[place]);
    if (held.some((place) => isKept(rows[place]!))) continue;
    for (const place of held) {
      places.delete(rows[place]!.id);
      rows[place] = undefined;
    }
    under.delete(page);
  }
}

const distance = (page: number, first: number, last: number) => Math.max(first - page, page - last, 0);

let isKept = (image: Image) => !fits(image);
/** Rows that must stay, as somebody has chosen them. */
export const keepIf = (kept: (id: string) => boolean) => {
  isKept = (image) => !fits(image) || kept(image.id);
};

/** Read images as they are now. */
export async function fetch(ids: readonly string[]): Promise<void> {
  const asking = performance.now();
  const found = await client.getImagesByIds(project.value!.id, { imageIds: [...ids] });
  batch(() => found.forEach((image) => put(foreseen(image, asking))));
}

/** Show an image as it is now. */
export function put(image: Image): void {
  const place = places.get(image.id);
  if (place === undefined) apart.set(image.id, image);
  else rows[place] = image;
  changed();
}

const renewed = new Set<string>();

/** A picture's address ends after a day: ask for a new one, once. */
export async function renew({ id, thumbnailUri }: Image): Promise<void> {
  if (renewed.has(thumbnailUri)) return;
  renewed.add(thumbnailUri);
  const [image] = await client.getImagesByIds(project.value!.id, { imageIds: [id] }).catch(() => []);
  if (image) put(foreseen(image));
}

/** Take images away; where they were in the view, or -1 where they were not in it, for `insert`. */
export function remove(ids: ReadonlySet<string>): { place: number; image: Image }[] {
  const taken = [...ids].flatMap((id) => find(id) ?? []).map((image) => ({ place: indexOf(image.id), image }));
  for (const id of ids) apart.delete(id);
  if (taken.length) arrange(rows.filter((row) => !row || !ids.has(row.id)));
  return taken.sort((a, b) => a.place - b.place);
}

/** Put images back where they were. */
export function insert(taken: readonly { place: number; image: Image }[]): void {
  const arranged = [...rows];
  for (const { place, image } of taken) {
    if (place < 0) apart.set(image.id, image);
    else if (!places.has(image.id)) arranged.splice(Math.min(place, arranged.length), 0, image);
  }
  arrange(arranged);
}

function arrange(arranged: (Image | undefined)[]): void {
  rows = arranged;
  places = new Map(rows.flatMap((row, place) => (row ? [[row.id, place] as const] : [])));
  const pages = Array.from({ length: Math.ceil(rows.length / size()) }, (_, page) => page);
  under = new Set(pages.filter((page) => rows.slice(page * size(), (page + 1) * size()).every(Boolean)));
  total.value = rows.length;
  changed();
}

let filling = false;

/** So many were uploaded while somebody looks. An empty view fills by itself; another one waits to be asked. */
export function arrived(images: number): void {
  if (total.value === null) return;
  filling ||= !rows.length;
  if (filling) void reopen();
  else came.value += images;
}

/** The upload is over. */
export const filled = () => {
  filling = false;
};

export const address = computed(() => writeQuery(query.value));
