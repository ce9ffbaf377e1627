// Predictions that the service has kept: a list by a filter, and what becomes of them. A step waits some seconds, for
// an undo: what went into the training leaves the predictions for good.

import { batch, computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { PredictionQueryToken, StoredImagePrediction } from "../api/client";
import { Refused } from "../api/send";
import type { Labels } from "../model/judged";
import { counted } from "../model/labelling";
import { ANY, tokenOf, writePredicting, type PredictionFilter } from "../model/predicting";
import { NONE, type Selection } from "../model/selection";
import { dismiss, fail, say } from "./notices";
import * as pages from "./pages";
import { project, refresh } from "./project";
import { limits } from "./session";

export const filter = signal<PredictionFilter>(ANY);
export const rows = signal<readonly StoredImagePrediction[] | null>(null);
export const fault = signal<unknown>(null);
export const focus = signal(0);
export const selection = signal<Selection>(NONE);
/** Where a range begins. */
export const anchor = signal(0);

const following = signal<PredictionQueryToken | null>(null);
export const hasMore = computed(() => following.value !== null);

let opening = 0;
let address = "";

/** Go to a place; a range begins there. */
export const to = (index: number) => void (anchor.value = focus.value = index);

/** Show what a filter asks for; what was shown by it already stays. */
export async function open(wanted: PredictionFilter, anew = false): Promise<void> {
  const place = project.value!.id + writePredicting(wanted);
  if (place === address && rows.value && !anew) return;
  address = place;
  const mine = ++opening;
  batch(() => {
    [filter.value, rows.value, fault.value] = [wanted, null, null];
    [selection.value, following.value] = [NONE, null];
    to(0);
  });
  await load(tokenOf(wanted, Date.now()), mine);
}

export async function loadMore(): Promise<void> {
  const token = following.value;
  following.value = null;
  if (token) await load(token, opening);
}

async function load(token: PredictionQueryToken, mine: number): Promise<void> {
  try {
    const found = await client.queryPredictions(project.value!.id, { ...token, maxCount: limits.value?.pageSize ?? 0 });
    if (mine !== opening) return;
    const known = new Set([...leaving.keys(), ...(rows.value ?? []).map(({ id }) => id)]);
    batch(() => {
      rows.value = [...(rows.value ?? []), ...found.results.filter(({ id }) => !known.has(id))];
      following.value = found.token.continuation ? found.token : null;
    });
  } catch (refused) {
    if (mine === opening) fault.value = refused;
  }
}

/** Those that are chosen, or the one under the focus. */
export function meant(): StoredImagePrediction[] {
  const { ids, all } = selection.value;
  const listed = rows.value ?? [];
  if (ids.size || all) return listed.filter(({ id }) => ids.has(id) !== all);
  return listed.slice(focus.value, focus.value + 1);
}

interface Leaving {
  projectId: string;
  row: StoredImagePrediction;
  place: number;
  /** Null for those that are deleted. */
  labels: (Labels & { background?: boolean }) | null;
}

interface Step {
  label: string;
  leaving: readonly Leaving[];
  timer: ReturnType<typeof setTimeout>;
  /** Of the notice that takes it back. */
  notice: number;
}

const UNDO_MS = 6000;
const BATCH = 64;
const leaving = new Map<string, Leaving>();
const steps: Step[] = [];
/** How many are on their way, for an undo still. */
export const waiting = signal(0);

/** Take them into the training, each with its labels. */
export const train = (found: readonly StoredImagePrediction[], labels: (row: StoredImagePrediction) => NonNullable<Leaving["labels"]>, as: string) =>
  leave(`${counted(found.length, "picture")} into training ${as}`, found, labels);

export const remove = (found: readonly StoredImagePrediction[]) => leave(`${counted(found.length, "prediction")} deleted`, found, () => null);

function leave(label: string, found: readonly StoredImagePrediction[], labels: (row: StoredImagePrediction) => Leaving["labels"]): void {
  if (!found.length) return;
  const listed = rows.value ?? [];
  const gone = found.map((row): Leaving => ({ projectId: project.value!.id, row, place: listed.indexOf(row), labels: labels(row) }));
  const step: Step = { label, leaving: gone, timer: setTimeout(() => void send(step), UNDO_MS), notice: 0 };
  for (const each of gone) leaving.set(each.row.id, each);
  steps.push(step);
  waiting.value += gone.length;
  rows.value = listed.filter(({ id }) => !leaving.has(id));
  selection.value = NONE;
  to(Math.max(Math.min(focus.value, rows.value.length - 1), 0));
  step.notice = say(label, { picture: found[0]!.thumbnailUri, action: { text: "Undo", run: () => takeBack(step) } });
}

/** Take the last step back; false where it is too late, or there is none. */
export function undo(): boolean {
  const step = steps.at(-1);
  if (step) takeBack(step);
  return step !== undefined;
}

function takeBack(step: Step): void {
  if (!steps.includes(step)) return;
  finish(step);
  putBack(step.leaving);
  to(Math.max(rows.value?.indexOf(step.leaving[0]!.row) ?? 0, 0));
  say(`Undone: ${step.label}`);
}

function finish(step: Step): void {
  clearTimeout(step.timer);
  dismiss(step.notice);
  steps.splice(steps.indexOf(step), 1);
  waiting.value -= step.leaving.length;
}

function putBack(gone: readonly Leaving[]): void {
  for (const { row } of gone) leaving.delete(row.id);
  if (gone[0]?.projectId !== project.value?.id || !rows.value) return;
  const back = [...rows.value];
  for (const { row, place } of [...gone].sort((a, b) => a.place - b.place)) back.splice(Math.min(place, back.length), 0, row);
  rows.value = back;
}

async function send(step: Step, keepalive = false): Promise<void> {
  finish(step);
  for (let from = 0; from < step.leaving.length; from += BATCH) {
    const part = step.leaving.slice(from, from + BATCH);
    try {
      await (part[0]!.labels ? teach(part, keepalive) : discard(part, keepalive));
    } catch (refused) {
      putBack(part);
      fail(refused, step.label);
    }
  }
  await refresh().catch(() => {});
}

const discard = (part: readonly Leaving[], keepalive: boolean) =>
  client.deletePrediction(part[0]!.projectId, { ids: part.map(({ row }) => row.id) }, { keepalive, tries: 4 });

/** The service knows pictures by their bytes, so that it can be sent again. */
async function teach(part: readonly Leaving[], keepalive: boolean): Promise<void> {
  const { projectId } = part[0]!;
  for (const background of [false, true]) {
    const some = part.filter(({ labels }) => !!labels?.background === background);
    if (!some.length) continue;
    const images = some.map(({ row, labels }) => ({ id: row.id, tagIds: labels?.tagIds ?? null, regions: labels?.regions ?? null }));
    const summary = await client.createImagesFromPredictions(projectId, { images, ...(background ? { metadata: { background: "true" } } : {}) }, { keepalive, tries: 4 });
    settle(some, summary);
  }
}

function settle(part: readonly Leaving[], { images }: client.ImageCreateSummary): void {
  const status = new Map(images.map((each) => [each.sourceUrl, each.status]));
  const refused = part.filter(({ row }) => !status.get(row.id)?.startsWith("OK"));
  const fresh = images.filter((each) => each.status === "OK").length;
  if (fresh && part[0]!.projectId === pages.shownOf.value) pages.arrived(fresh);
  if (!refused.length) return;
  putBack(refused);
  const why = status.get(refused[0]!.row.id) ?? "no answer";
  fail(new Refused(400, why, `the service does not take ${counted(refused.length, "picture")}: ${why}`), "Into training");
}

/** What waits for an undo goes with the page. */
addEventListener("pagehide", () => steps.slice().forEach((step) => void send(step, true)));
