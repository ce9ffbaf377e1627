// A page of what the live model suggests, asks for or doubts. It keeps still under the hand, and turns when it is done.

import { batch, computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Image } from "../api/client";
import { hasTag, tagIds } from "../model/changes";
import { counted, gives, toggles } from "../model/labelling";
import type { LiveShow } from "../model/suggesting";
import { rules } from "./judging";
import { ask } from "./live";
import { fail } from "./notices";
import { act, announce, isGone, remember } from "./outbox";
import * as pages from "./pages";
import { project, tagName, tagOf } from "./project";
import { run } from "./tasks";
import { settled } from "./waiting";

export interface Row {
  image: Image;
  /** What is suggested for it; empty while the model has nothing to say. */
  tagId: string;
  probability: number;
  /** Its tags when the page was turned: of a label in doubt those that are. */
  before: readonly string[];
}

/** Pages of one tag to confirm, images to label one by one, or labels in doubt. */
export type PageKind = "confirm" | "label" | "doubt";

/** A page is seen at a glance; of what teaches most a few, as each label changes what that is. */
const PAGE = 24;
const TAUGHT = 8;
/** With fewer a digit each is as quick. */
const FEWEST = 3;
/** So many that are nearly certain are a page of their own; for fewer another Enter would cost more than it saves. */
const APART = 8;
/** As sure as what nobody looks at has to be for the service, and from so many labels on. */
const CERTAIN = 0.99;
export const ENOUGH = 200;
/** From here on few guesses are wrong. */
const SURE = 0.95;
/** So many more are asked for at most, where others were left out. */
const MOST = 256;

export const query = signal<{ projectId: string; show: LiveShow; tagId: string }>({ projectId: "", show: "sure", tagId: "" });
export const kind = signal<PageKind>("confirm");
export const loading = signal(false);
export const fault = signal<unknown>(null);
export const focus = signal(0);
/** Images that are not what was suggested, by `nameOf`. */
export const leftOut = signal<ReadonlySet<string>>(new Set());
/** Of which tag the page is, how many images are taken for it, and whether all of the page are nearly certain. */
export const taken = signal({ tagId: "", count: 0, isCertain: false });

export const rows = signal<readonly Row[]>([]);
/** The rows that somebody has had the time to look at; while others are asked for, these are not what is meant. */
export const seen = signal<object | null>(null);
export const isSeen = computed(() => seen.value === rows.value && !loading.value);
let turning = 0;
/** One call after the other: the last word about a label counts. */
let dismissing: Promise<unknown> = Promise.resolve();

const nameOf = ({ image, tagId }: Row) => `${image.id} ${tagId}`;
export const isOut = (row: Row) => leftOut.value.has(nameOf(row));

/** All of the page as they are now, so that who looks at one after the other keeps the place. */
const current = computed(() => {
  void pages.revision.value;
  return rows.value.flatMap((row) => (isGone(row.image.id) ? [] : [{ ...row, image: pages.find(row.image.id) ?? row.image }]));
});
export const listed = computed(() => current.value.map(({ image }) => image));
/** Those that wait for a word. */
export const shown = computed(() => current.value.filter((row) => isAsBefore(row) && !(kind.value === "doubt" && isOut(row))));
/** What Enter makes labels of. */
export const accepted = computed(() => (kind.value === "confirm" ? shown.value.filter((row) => !isOut(row)) : []));
/** About how many of those are wrong, by what the model says itself. */
export const doubtful = computed(() => Math.round(accepted.value.reduce((sum, { probability }) => sum + 1 - probability, 0)));

/** Of what it asks about, even what it knows least of: a page of the surest is quicker. */
export const isSure = computed(() => rules.value.multiclass && kind.value === "label" && query.value.show === "unsure" && shown.value.every(({ probability }) => probability >= SURE));

const isAsBefore = ({ image, before }: Row) => tagIds(image).join() === before.join() && image.metadata?.["background"] !== "true";

export async function open(show: LiveShow, tagId: string): Promise<void> {
  batch(() => {
    if (query.value.projectId !== project.value!.id) leftOut.value = new Set();
    query.value = { projectId: project.value!.id, show, tagId };
    rows.value = [];
  });
  await turn();
}

/** The same, where it is not open yet. */
export async function ensure(show: LiveShow, tagId: string): Promise<void> {
  const { value: now } = query;
  if (now.projectId !== project.value!.id || now.show !== show || now.tagId !== tagId) await open(show, tagId);
}

/** The next page. */
export async function turn(): Promise<void> {
  const mine = ++turning;
  loading.value = true;
  fault.value = null;
  try {
    const found = await (query.value.show === "doubts" ? doubted() : suggested());
    if (found.length) await pages.fetch(found.map(({ imageId }) => imageId));
    if (mine !== turning) return;
    batch(() => {
      rows.value = found.flatMap(rowOf);
      focus.value = 0;
    });
  } catch (refused) {
    if (mine === turning) fault.value = refused;
  }
  if (mine === turning) loading.value = false;
}

type Found = Omit<Row, "image" | "before"> & { imageId: string };

function rowOf({ imageId, ...said }: Found): Row[] {
  const image = pages.find(imageId);
  return image ? [{ ...said, image, before: tagIds(image) }] : [];
}

/**
 * The surest of a tag, those that are nearly certain apart from others. Where nothing is sure, what teaches most: labels
 * make more of it so.
 */
async function suggested(): Promise<Found[]> {
  const { show, tagId } = query.value;
  if (show === "sure") {
    const take = Math.min(PAGE + leftOut.value.size, MOST);
    const { results, counts, certain } = await ask({ order: "Sure", take, ...(tagId ? { tagId } : {}) });
    const of = results[0]?.tagId ?? tagId;
    const waiting = (all: client.LiveSuggestion[]) => all.map(foundOf).filter((each) => !leftOut.value.has(`${each.imageId} ${each.tagId}`));
    const [sure, nearly] = [waiting(results), waiting(results.slice(0, certain[of] ?? 0))];
    const isCertain = nearly.length >= APART;
    if (tagId || sure.length >= FEWEST) {
      batch(() => ([kind.value, taken.value] = ["confirm", { tagId: of, count: counts[of] ?? sure.length, isCertain }]));
      return (isCertain ? nearly : sure).slice(0, PAGE);
    }
  }
  const answer = await ask({ order: "Unsure", take: TAUGHT, ...(tagId ? { tagId } : {}) });
  kind.value = "label";
  return answer.results.map(foundOf);
}

async function doubted(): Promise<Found[]> {
  await Promise.all([settled(), dismissing]);
  const found = await client.getLabelDoubts(query.value.projectId, { take: PAGE });
  kind.value = "doubt";
  return found.map(({ imageId, tagId }) => ({ imageId, tagId, probability: 0 }));
}

const foundOf = ({ imageId, tagId, probability }: client.LiveSuggestion): Found => ({ imageId, tagId: tagId ?? "", probability });

export function toggleOut(row: Row): void {
  const names = new Set(leftOut.value);
  if (!names.delete(nameOf(row))) names.add(nameOf(row));
  leftOut.value = names;
}

/** Make labels of all of the page that is not left out. Where all is, the page is done. */
export function accept(): void {
  const { value: some } = accepted;
  if (!isSeen.value) return;
  if (!some.length) return void turn();
  const changes = some.flatMap(({ image, tagId }) => gives(image, tagId, rules.value));
  announce(act(`${counted(some.length, "image")} tagged ${tagName(taken.value.tagId)}`, changes));
}

/** All that the model is nearly certain to be of the page's tag, more than anybody looks at: the service does it. */
export async function acceptCertain(): Promise<void> {
  const { projectId } = query.value;
  const { tagId } = taken.value;
  const out = rows.value.filter(isOut).map(({ image }) => image.id);
  await run(`All surely ${tagName(tagId)} accepted`, (id) => settled().then(() => client.acceptLive(projectId, { tagId, threshold: CERTAIN, except: out, id })));
  await turn();
}

/** What the model says of one image. Of a label in doubt: its tag comes, or goes where it is one of several. */
export function take({ image, tagId }: Row): void {
  if (!tagOf(tagId) || !isSeen.value) return;
  act(`1 image ${hasTag(image, tagId) ? "no longer" : "tagged"} ${tagName(tagId)}`, toggles([image], tagId, rules.value));
}

/** The label is right: nobody is asked about it again. */
export function keep(row: Row): void {
  const { projectId } = query.value;
  const items = [{ imageId: row.image.id, tagId: row.tagId }];
  const set = (dismissed: boolean) => {
    mark(row, dismissed);
    dismissing = dismissing.then(() => client.dismissLabelDoubts(projectId, { items, dismissed })).catch((refused) => {
      mark(row, !dismissed);
      fail(refused, "A label that is right");
    });
  };
  remember("1 label kept", { undo: () => set(false), redo: () => set(true) });
  set(true);
}

function mark(row: Row, isKept: boolean): void {
  if (leftOut.value.has(nameOf(row)) !== isKept) toggleOut(row);
}
