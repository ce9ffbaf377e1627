// The only way to change images: shown at once, undone by one key, sent in order, kept until the service has it.

import { computed, effect, signal, untracked } from "@preact/signals";
import type { Image } from "../api/client";
import { isProjectGone, Refused } from "../api/send";
import { batch } from "../model/batches";
import { applied, inverse, type Change } from "../model/changes";
import { counted } from "../model/labelling";
import * as past from "../model/history";
import type { History, Step } from "../model/history";
import { deliver, type Delivery } from "./delivery";
import { doubt, isInDoubt, untilCertain } from "./doubts";
import { dismiss, fail, say, withdraw } from "./notices";
import * as pages from "./pages";
import { project, recount, tagName } from "./project";
import { me } from "./session";
import { silence } from "./silence";
import { count, keepTaken, markSent, setWaiting, waiting, type Entry } from "./waiting";

const GATHER_MS = 150;
const LONGEST_SECONDS = 30;

export const history = signal<History<Change>>(past.empty());
/** Why what waits is not sent; empty while it is. */
const held = signal("");
/** What keeps the service from answering, or from taking what waits; empty while nothing does. */
export const away = computed(() => held.value || silence.value);
/** The image that was undone last, or done again; an object of its own each time. */
export const concerned = signal<{ imageId: string } | null>(null);
export const saving = computed(() => count.value > 0);

const gone = new Map<string, { place: number; image: Image }>();
/** Whether it was deleted here; read with the revision of the pages. */
export const isGone = (imageId: string) => gone.has(imageId);
let last = 0;
let draining = false;

/** Do it, so that it can be taken back. Nothing happens where it would change nothing. */
export function act(label: string, changes: readonly Change[]): Step<Change> | null {
  const redo = changes.filter((change) => changesSomething(change));
  const undo = redo.toReversed().flatMap((change) => inverse(change, pages.find(change.imageId)));
  if (!redo.length) return null;
  const step = { label, redo, undo };
  history.value = past.done(history.value, step);
  enqueue(redo, step);
  return step;
}

/** Remember what the service does by itself among what can be taken back. */
export function remember(label: string, far: { redo: () => void; undo: () => void }): Step<Change> {
  const step = { label, redo: [], undo: [], far };
  history.value = past.done(history.value, step);
  return step;
}

export function undo(): void {
  const step = history.value.past.at(-1);
  if (!step) return;
  history.value = past.undone(history.value);
  dismiss(announced.get(step) ?? 0);
  if (step.far) return step.far.undo();
  enqueue(step.undo, step);
  tell(`Undone: ${step.label}`, step);
}

export function redo(): void {
  const [step] = history.value.future;
  if (!step) return;
  history.value = past.redone(history.value);
  if (step.far) return step.far.redo();
  enqueue(step.redo, step);
  tell(`Done again: ${step.label}`, step);
}

/** The notices of what can be taken back: they go with it. */
const announced = new WeakMap<Step<Change>, number>();

let offered: Step<Change> | null = null;

/** Say what was done, with the way back: until something else is done, which would be taken back first. */
export function announce(step: Step<Change> | null): void {
  if (!step) return;
  announced.set(step, say(step.label, { action: { text: "Undo", run: undo } }));
  offered = step;
}

function keepOffer(last: Step<Change> | undefined): void {
  if (!offered || offered === last) return;
  withdraw(announced.get(offered) ?? 0);
  offered = null;
}

function tell(text: string, step: Step<Change>): void {
  const { imageId } = step.redo[0]!;
  concerned.value = { imageId };
  const picture = pages.find(imageId)?.thumbnailUri;
  say(text, picture ? { picture } : {});
}

function changesSomething(change: Change): boolean {
  const image = pages.find(change.imageId);
  return !image || change.kind === "delete" || change.kind === "restore" || applied(image, change, tagName) !== image;
}

function enqueue(changes: readonly Change[], step: Step<Change>): void {
  show(changes);
  const group = ++last + Date.now();
  const added = changes.map((change): Entry => ({ id: ++last + Date.now(), projectId: project.value!.id, change, step, group }));
  setWaiting([...waiting.value, ...added]);
  setTimeout(() => void drain(), GATHER_MS);
}

/** Show changes at once, before anybody else knows of them. */
function show(changes: readonly Change[]): void {
  for (const change of changes) {
    const before = pages.find(change.imageId);
    const after = before && applied(before, change, tagName);
    if (!before || !after || before === after) continue;
    pages.put(after);
    recount(before, after);
  }
  hide(new Set(changes.filter(({ kind }) => kind === "delete").map(({ imageId }) => imageId)));
  bringBack(changes.filter(({ kind }) => kind === "restore").map(({ imageId }) => imageId));
}

function hide(ids: ReadonlySet<string>): void {
  // Counted first: else the view would lack images for a moment.
  for (const id of ids) recount(pages.find(id), undefined);
  for (const taken of ids.size ? pages.remove(ids) : []) gone.set(taken.image.id, taken);
}

function bringBack(ids: readonly string[]): void {
  const back = ids.flatMap((id) => gone.get(id) ?? []).sort((a, b) => a.place - b.place);
  for (const { image } of back) gone.delete(image.id);
  if (back.length) pages.insert(back);
  for (const { image } of back) recount(undefined, image);
}

/** Send what waits, one call after the other. */
async function drain(): Promise<void> {
  if (draining || !me.value) return;
  draining = true;
  for (let faults = 0; waiting.value.length && me.value; ) {
    const sent = next(waiting.value);
    if (!sent.length) {
      setTimeout(() => void drain(), untilCertain());
      break;
    }
    const answered = doubt(sent.map(({ change }) => change.imageId));
    markSent(sent);
    try {
      const delivery = await deliver(sent);
      answered();
      finish(sent, delivery);
      faults = 0;
      held.value = "";
    } catch (fault) {
      if (!(fault instanceof Refused)) break;
      if (!fault.unanswered) answered();
      if (fault.status === 401) break;
      if (isProjectGone(fault)) abandon(sent[0]!.projectId);
      else if (!fault.passing) refuse(sent, fault);
      else await rest(fault, ++faults);
    }
  }
  draining = false;
}

/** Those that go together: of one project, and by themselves where a call that had them was refused. Maybe none yet. */
function next(entries: readonly Entry[]): Entry[] {
  const free = entries.filter(({ sent, change }) => sent || !isInDoubt(change.imageId));
  const mine = free.filter((entry) => entry.projectId === free[0]!.projectId);
  return batch(mine.map(({ change }) => change), free[0]?.alone ? 1 : undefined).map((place) => mine[place]!);
}

function finish(sent: readonly Entry[], { refused }: Delivery): void {
  const ids = new Set(sent.map(({ id }) => id));
  const not = new Set(refused.map(({ entry }) => entry.id));
  keepTaken(sent.filter(({ id }) => !not.has(id)));
  setWaiting(waiting.value.filter(({ id }) => !ids.has(id)));
  for (const { entry, why } of refused) rollBack(entry as Entry, new Refused(400, "Exceeded", why));
}

function refuse(sent: readonly Entry[], fault: Refused): void {
  const ids = new Set(sent.map(({ id }) => id));
  if (sent.length > 1) setWaiting(waiting.value.map((entry) => (ids.has(entry.id) ? { ...entry, alone: true } : entry)));
  else {
    setWaiting(waiting.value.filter(({ id }) => !ids.has(id)));
    rollBack(sent[0]!, fault);
  }
}

let lost = 0;
/** Who leaves a project that was deleted has been told. */
export const forgetLost = () => dismiss(lost);

/** Of a project that was deleted nothing more can be saved: say what is lost. */
function abandon(projectId: string): void {
  const isLost = (entry: Entry) => entry.projectId === projectId;
  const labels = waiting.value.filter(isLost).map(({ step }) => step?.label ?? "a change");
  setWaiting(waiting.value.filter((entry) => !isLost(entry)));
  lost = say(`${counted(labels.length, "change")} not saved, as the project was deleted: ${[...new Set(labels)].join(", ")}`, { tone: "failed", lasting: true });
}

/** Take back what the service does not take, and say why. A box that was to be replaced stays. */
function rollBack(entry: Entry, fault: Refused): void {
  const { change, step } = entry;
  const kept = change.kind === "box" ? waiting.value.filter((each) => isReplaced(each, entry)) : [];
  setWaiting(waiting.value.filter((each) => !kept.includes(each)));
  show([change, ...kept.map((each) => each.change)].flatMap((each) => inverse(each, pages.find(each.imageId))));
  if (step) history.value = past.without(history.value, step);
  fail(fault, step?.label ?? "A change");
}

const isReplaced = ({ change, group }: Entry, by: Entry) => change.kind === "unbox" && change.imageId === by.change.imageId && group !== undefined && group === by.group;

async function rest(fault: Refused, faults: number): Promise<void> {
  held.value = fault.message;
  const seconds = fault.retryAfter || Math.min(0.5 * 2 ** faults, LONGEST_SECONDS);
  await Promise.race([new Promise((resolve) => setTimeout(resolve, seconds * 1000)), new Promise((resolve) => addEventListener("online", resolve, { once: true }))]);
}

let stepsOf: string | undefined;

/** What was done in another project is not taken back from here. */
function forgetSteps(id: string | undefined): void {
  if (!id || id === stepsOf) return;
  stepsOf = id;
  history.value = past.empty();
  gone.clear();
}

/** Send what a reload or a sign-in left waiting; ask before work is lost. */
export function start(): void {
  effect(() => void (me.value && untracked(drain)));
  effect(() => forgetSteps(project.value?.id));
  effect(() => {
    const last = history.value.past.at(-1);
    untracked(() => keepOffer(last));
  });
  addEventListener("beforeunload", (event) => saving.value && event.preventDefault());
}
