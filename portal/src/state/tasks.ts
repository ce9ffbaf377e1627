// Changes of more images than a page knows of: the service does them by itself, and tells how far it is.

import { effect, signal, untracked } from "@preact/signals";
import * as client from "../api/client";
import type { RetagRequest, Tag, WorkspaceTask } from "../api/client";
import { newId } from "../model/changes";
import { counted } from "../model/labelling";
import { nameFilter } from "../model/query";
import { sizeOf } from "../model/selection";
import { fail, say } from "./notices";
import { announce, remember } from "./outbox";
import * as pages from "./pages";
import { isMulticlass, negative, project, refresh, tags } from "./project";
import { selection } from "./view";
import { settled } from "./waiting";

const POLL_MS = 400;
const PLACE = "ocellus.task";

interface Named {
  projectId: string;
  id: string;
  label: string;
}

/** What is under way. Nothing is known of its total until the service has counted. */
export const task = signal<{ label: string; done: number; total: number } | null>(null);
/** The last one to be followed is told of. */
let following = 0;

/** Give all images of what is shown a tag, or take it away. */
export async function retagAll(tag: Tag, away: boolean): Promise<void> {
  const images = sizeOf(selection.value, pages.total.value ?? 0);
  const label = `${counted(images, "image")} ${away ? "no longer" : "tagged"} ${tag.name}`;
  const others = tags.value.filter(({ id }) => id !== tag.id && (isMulticlass.value || tag.type === "Negative" || id === negative.value?.id));
  const where = { ...choice(), except: [...selection.value.ids] };
  const request: RetagRequest = { where, ...(away ? { remove: [tag.id] } : { add: [tag.id], remove: others.map(({ id }) => id) }) };
  const projectId = project.value!.id;
  await run(label, (id) => settled().then(() => client.retagImages(projectId, { ...request, id })));
}

function choice() {
  const { status, tagIds, search } = pages.query.value;
  return { taggingStatus: status, tagIds: [...tagIds], ...(search ? { filter: nameFilter(search)! } : {}) };
}

/** Begin it under an id of its own, follow it to its end, and remember the way back. There is one at a time. */
export async function run(label: string, begin: (id: string) => Promise<WorkspaceTask>): Promise<void> {
  if (task.value) return void say(`Wait for what is under way, or take it back: ${task.value.label}`);
  const named = { projectId: project.value!.id, id: newId(), label };
  show(named, { done: 0, total: 0 });
  try {
    const begun = await begin(named.id);
    const step = remember(label, { undo: () => void takeBack(named), redo: () => void run(label, begin) });
    if ((await follow(named, begun))?.status === "Completed") announce(step);
  } catch (fault) {
    forget();
    fail(fault, label);
  }
}

/** Also while it is under way: who follows it then steps aside. */
async function takeBack({ projectId, id, label }: Named): Promise<void> {
  const undone = { projectId, id, label: `Undone: ${label}` };
  await client.undoTask(projectId, id).then((begun) => follow(undone, begun), (fault) => fail(fault, undone.label));
}

/** How it ended; null where that is not known, or another is followed by now. */
async function follow(named: Named, begun: WorkspaceTask): Promise<WorkspaceTask | null> {
  const mine = ++following;
  let seen = begun;
  try {
    while (seen.status === "Running" || seen.status === "Undoing") {
      show(named, seen);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      seen = await client.getTask(named.projectId, named.id, { tries: 20 });
      if (mine !== following) return null;
    }
    tell(seen, named.label);
    return seen;
  } catch (fault) {
    if (mine === following) fail(fault, named.label);
    return null;
  } finally {
    if (mine === following) await end(named.projectId);
  }
}

function show(named: Named, { done, total }: Pick<WorkspaceTask, "done" | "total">): void {
  task.value = { label: named.label, done, total };
  sessionStorage.setItem(PLACE, JSON.stringify(named));
}

function forget(): void {
  task.value = null;
  sessionStorage.removeItem(PLACE);
}

async function end(projectId: string): Promise<void> {
  forget();
  if (project.value?.id === projectId) await refresh().then(pages.reopen, () => {});
}

function tell({ status, refused, message }: WorkspaceTask, label: string): void {
  if (status === "Failed") say(`${label}: ${message ?? "it failed"}`, { tone: "failed" });
  else if (refused) say(`${counted(refused, "image")} could not be changed: ${message ?? ""}`, { tone: "failed" });
  else if (status === "Undone") say(label);
}

/** One that was under way when the page was loaded anew. */
let left: Named | null = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");

effect(() => {
  if (!left || project.value?.id !== left.projectId) return;
  const named = left;
  left = null;
  untracked(() => void goOn(named));
});

async function goOn(named: Named): Promise<void> {
  try {
    const ended = await follow(named, await client.getTask(named.projectId, named.id));
    if (ended?.status === "Completed") say(named.label, { action: { text: "Undo", run: () => void takeBack(named) } });
  } catch (fault) {
    forget();
    fail(fault, named.label);
  }
}
