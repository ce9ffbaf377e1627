// What a trained iteration suggests for untagged images: a list to accept from, surest first, and the way to more of it.

import { batch, computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Image, Prediction, StoredSuggestedTagAndRegion, SuggestedTagAndRegion, SuggestedTagAndRegionQueryToken } from "../api/client";
import { newKey, tagIds } from "../model/changes";
import { accepting, said, surest } from "../model/judged";
import { counted } from "../model/labelling";
import { USUAL, type SuggestionQuery } from "../model/suggesting";
import { kind, rules } from "./judging";
import { act, announce, isGone } from "./outbox";
import * as pages from "./pages";
import { project, tagName, tagOf } from "./project";
import { limits } from "./session";
import { run } from "./tasks";
import { foreseen, settled } from "./waiting";

export interface Suggestion {
  image: Image;
  /** What counts by the filter, the surest first. */
  said: readonly Prediction[];
}

type Row = Omit<StoredSuggestedTagAndRegion, "domain">;

/** So many images are looked at before somebody has to ask for more. */
const LOOK = 256;
const AT_ONCE = 64;

export const query = signal<SuggestionQuery & { projectId: string }>({ ...USUAL, projectId: "", threshold: 0 });
export const fault = signal<unknown>(null);
export const loading = signal(false);
/** For how many images each tag is suggested, by the service's count. */
export const numbers = signal<Record<string, number>>({});
/** How far the iteration has looked through what is untagged. */
export const looked = signal({ done: 0, total: 0, underway: false });
export const focus = signal(0);
export const leftOut = signal<ReadonlySet<string>>(new Set());

export const rows = signal<readonly Row[]>([]);
/** The rows that somebody has had the time to look at. */
export const seen = signal<object | null>(null);
/** What the rows were asked for by; none while that is done anew. */
const answered = signal<object | null>(null);
/** Rows that others are about to take the place of are not what is meant. */
export const isSeen = computed(() => seen.value === rows.value && answered.value === query.value);
const following = signal<SuggestedTagAndRegionQueryToken | null>(null);
export const hasMore = computed(() => following.value !== null);

/** Those of which something is said that is sure enough, labelled or not. */
const sure = computed((): Suggestion[] => {
  void pages.revision.value;
  const { tagId, threshold } = query.value;
  return rows.value.flatMap((row) => {
    const taken = said(row.predictions.filter((each) => tagOf(each.tagId)), kind.value, threshold, tagId);
    return taken.length && !isGone(row.id) ? [{ image: pages.find(row.id) ?? foreseen(imageOf(row)), said: taken }] : [];
  });
});

/** Who looks at one after the other goes through these, so that one that gets its labels keeps its place. */
export const listed = computed(() => sure.value.map(({ image }) => image));
/** Those that wait for a word. */
export const shown = computed(() => sure.value.filter(({ image }) => !tagIds(image).length && !isBackground(image)));

const isBackground = ({ metadata }: Image) => metadata?.["background"] === "true";

export const accepted = computed(() => shown.value.filter(({ image }) => !leftOut.value.has(image.id)));

let opening = 0;

/** Show what a filter asks for. A new iteration looks at some images by itself. */
export async function open(wanted: SuggestionQuery): Promise<void> {
  const id = project.value!.id;
  const before = query.value;
  const isNew = before.projectId !== id || before.iterationId !== wanted.iterationId;
  query.value = { ...wanted, projectId: id };
  if (isNew) begun = false;
  if (isNew) batch(() => ([rows.value, leftOut.value, looked.value] = [[], new Set(), { done: 0, total: 0, underway: false }]));
  await reload();
  if (isNew && !fault.value) void look();
}

/** The same, where it is not open yet. */
export async function ensure(wanted: SuggestionQuery): Promise<void> {
  const { projectId, iterationId, tagId, threshold } = query.value;
  const isOpen = projectId === project.value!.id && iterationId === wanted.iterationId && tagId === wanted.tagId && threshold === wanted.threshold;
  if (!isOpen) await open(wanted);
}

export async function reload(): Promise<void> {
  const mine = ++opening;
  const asked = query.value;
  loading.value = true;
  answered.value = null;
  fault.value = null;
  try {
    const [found, counts] = await Promise.all([ask({}), count()]);
    if (mine !== opening) return;
    batch(() => {
      take(found.results, []);
      following.value = next(found);
      numbers.value = counts;
    });
  } catch (refused) {
    if (mine === opening) fault.value = refused;
  }
  if (mine === opening) batch(() => ([loading.value, answered.value] = [false, asked]));
}

export async function loadMore(): Promise<void> {
  const token = following.value;
  if (!token) return;
  const mine = opening;
  following.value = null;
  const found = await ask(token).catch((refused) => void (fault.value = refused));
  if (!found || mine !== opening) return;
  take(found.results, rows.value);
  following.value = next(found);
}

function ask(token: SuggestedTagAndRegionQueryToken) {
  const { projectId, iterationId, tagId, threshold } = query.value;
  const body = { ...token, ...(tagId ? { tagIds: [tagId] } : {}), threshold, sortBy: "UncertaintyAscending" as const, maxCount: limits.value?.pageSize ?? LOOK };
  return client.querySuggestedImages(projectId, { iterationId }, body);
}

const next = ({ token }: client.SuggestedTagAndRegionQuery) => (token.continuation ? token : null);
const count = () => client.querySuggestedImageCount(query.value.projectId, { iterationId: query.value.iterationId }, { threshold: query.value.threshold });

/**
 * Rows behind others, the surest of them first: the service has them by how certain all is that it says of an image.
 * The page knows their images from now on.
 */
function take(given: readonly Row[], before: readonly Row[]): void {
  const { tagId } = query.value;
  const found = [...given].sort((a, b) => surest(b.predictions, tagId) - surest(a.predictions, tagId));
  batch(() => {
    for (const row of found) if (!pages.find(row.id)) pages.put(foreseen(imageOf(row)));
    const known = new Set(before.map(({ id }) => id));
    rows.value = [...before, ...found.filter(({ id }) => !known.has(id))];
  });
}

const imageOf = ({ id, created, width, height, resizedImageUri, thumbnailUri, originalImageUri }: Row): Image =>
  ({ id, created, width, height, resizedImageUri, thumbnailUri, originalImageUri, tags: [], regions: [] });

/** Have the iteration look at more of what is untagged, some at a time. */
export async function look(most = LOOK): Promise<void> {
  const { projectId, iterationId } = query.value;
  const isMine = () => query.value.projectId === projectId && query.value.iterationId === iterationId && looked.value.underway;
  if (looked.value.underway) return;
  looked.value = { ...looked.value, underway: true };
  try {
    const total = await client.getUntaggedImageCount(projectId);
    for (let left = most; left > 0 && isMine(); left -= AT_ONCE) {
      const images = await client.getUntaggedImages(projectId, { orderBy: "Newest", take: AT_ONCE, skip: looked.value.done });
      if (!images.length || !isMine()) break;
      // Suggestions say less of an image: not its file name, nor whether it is background.
      batch(() => images.forEach((image) => pages.put(foreseen(image))));
      const found = await client.suggestTagsAndRegions(projectId, { iterationId, imageIds: images.map(({ id }) => id) });
      if (!isMine()) return;
      await arrived(images, found);
      looked.value = { ...looked.value, done: looked.value.done + images.length, total: Math.max(total, looked.value.done + images.length) };
    }
  } catch (refused) {
    fault.value = refused;
  }
  if (isMine()) looked.value = { ...looked.value, underway: false };
}

export const stopLooking = () => void (looked.value = { ...looked.value, underway: false });

/** They come into the list by its order while nobody has begun with it, and behind it afterwards. */
async function arrived(images: readonly Image[], found: readonly SuggestedTagAndRegion[]): Promise<void> {
  if (!leftOut.value.size && !begun) return reload();
  const byId = new Map(images.map((image) => [image.id, image]));
  take(found.map((each) => ({ ...byId.get(each.id)!, ...each })), rows.value);
  await recount();
}

let begun = false;

/** Somebody works on these: from now on the list keeps still, and the page knows their images. */
export function begin(some: readonly Suggestion[]): void {
  begun = true;
  batch(() => some.forEach(({ image }) => pages.find(image.id) || pages.put(image)));
}

export function toggleOut(id: string): void {
  begun = true;
  const ids = new Set(leftOut.value);
  if (!ids.delete(id)) ids.add(id);
  leftOut.value = ids;
}

/** Make labels of all that are shown and not left out. */
export function accept(some: readonly Suggestion[] = accepted.value): void {
  if (!isSeen.value) return;
  begin(some);
  const changes = some.flatMap(({ image, said }) => accepting(image, said, rules.value, newKey));
  announce(act(`${counted(some.length, "suggestion")} accepted`, changes));
}

/** All that the filter finds and nobody left out, more than the page has: the service does it. */
export async function acceptAll(): Promise<void> {
  const { projectId, iterationId, tagId, threshold } = query.value;
  const label = tagId ? `All taken for ${tagName(tagId)} accepted` : "All suggestions accepted";
  const request = { source: iterationId, threshold, ...(tagId ? { tagId } : {}), except: [...leftOut.value] };
  await run(label, (id) => settled().then(() => client.acceptSuggestions(projectId, { ...request, id })));
}

/** The service's count once it has what was done. */
export const recount = () => count().then((counts) => void (numbers.value = counts), () => {});
