// Changes of more images than a page knows of: the service does them by itself, and tells how far it is.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import type { RetagRequest, Tag, WorkspaceTask } from "../api/client";
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

/** What is under way. */
export const task = signal<(WorkspaceTask & { label: string }) | null>(null);

/** Give all images of what is shown a tag, or take it away. */
export async function retagAll(tag: Tag, away: boolean): Promise<void> {
  const images = sizeOf(selection.value, pages.total.value ?? 0);
  const label = `${counted(images, "image")} ${away ? "no longer" : "tagged"} ${tag.name}`;
  const others = tags.value.filter(({ id }) => id !== tag.id && (isMulticlass.value || tag.type === "Negative" || id === negative.value?.id));
  const where = { ...choice(), except: [...selection.value.ids] };
  const request: RetagRequest = { where, ...(away ? { remove: [tag.id] } : { add: [tag.id], remove: others.map(({ id }) => id) }) };
  await settled();
  await run(label, () => client.retagImages(project.value!.id, request));
}

function choice() {
  const { status, tagIds, search } = pages.query.value;
  return { taggingStatus: status, tagIds: [...tagIds], ...(search ? { filter: nameFilter(search)! } : {}) };
}

/** Begin it, follow it to its end, and remember the way back. */
export async function run(label: string, begin: () => Promise<WorkspaceTask>): Promise<void> {
  const { id } = project.value!;
  try {
    const begun = await begin();
    const step = remember(label, {
      undo: () => void follow(`Undone: ${label}`, client.undoTask(id, begun.id)),
      redo: () => void run(label, begin),
    });
    const ended = await follow(label, Promise.resolve(begun));
    if (ended?.status === "Completed") announce(step);
  } catch (fault) {
    fail(fault, label);
  }
}

async function follow(label: string, begun: Promise<WorkspaceTask>): Promise<WorkspaceTask | null> {
  const { id } = project.value!;
  try {
    let seen = await begun;
    while (seen.status === "Running" || seen.status === "Undoing") {
      task.value = { ...seen, label };
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      seen = await client.getTask(id, seen.id, { tries: 20 });
    }
    tell(seen, label);
    return seen;
  } catch (fault) {
    fail(fault, label);
    return null;
  } finally {
    task.value = null;
    if (project.value?.id === id) await refresh().then(pages.reopen, () => {});
  }
}

function tell({ status, refused, message }: WorkspaceTask, label: string): void {
  if (status === "Failed") say(`${label}: ${message ?? "it failed"}`, { tone: "failed" });
  else if (refused) say(`${counted(refused, "image")} could not be changed: ${message ?? ""}`, { tone: "failed" });
  else if (status === "Undone") say(label);
}
