// Pictures on their way to the service: what was dropped, how far they are, and what became of those that were refused.

import { computed, effect, signal, untracked } from "@preact/signals";
import * as client from "../api/client";
import type { Tag } from "../api/client";
import { Refused } from "../api/send";
import { counted } from "../model/labelling";
import { fault, folders, type Folder } from "../model/uploading";
import { cut, keep } from "./cut";
import { dismiss, say } from "./notices";
import * as pages from "./pages";
import { addTag, isDetector, project, refresh } from "./project";
import { preferences } from "./preferences";
import { limits } from "./session";
import { isAtRest } from "./view";

export interface Outcome {
  name: string;
  why: string;
}

type Brought = readonly { file: File; folder: string }[];

interface Batch {
  projectId: string;
  files: readonly File[];
  tagIds: readonly string[];
}

const AT_ONCE = 3;
const BYTES = 32 * 1024 * 1024;

/** What was dropped on a project and waits for a word; null where nothing is. */
export const proposal = signal<{ projectId: string; folders: Folder[]; refused: Outcome[] } | null>(null);
/** What was dropped while no project was open: the next one to be opened gets it. */
export const held = signal<Brought>([]);
export const progress = signal({ done: 0, total: 0 });
export const duplicates = signal<readonly string[]>([]);
export const refused = signal<readonly Outcome[]>([]);
/** Whether the list of what became of the last upload is to be seen. */
export const reported = signal(false);

export const isUploading = computed(() => progress.value.total > 0);

const SHOW = { text: "Show which", run: () => void (reported.value = true) };

const queue: Batch[] = [];
/** What the service has not answered for yet. */
const going = new Set<File>();
/** The names of the projects that get them, by their ids: another one may be open at the end. */
const into = new Map<string, string>();
let preparing = 0;
let running = 0;
let added = 0;
/** The notice of the last upload. */
let told = 0;

const names = () => [...into.values()].join(", ");

/** Ask before an upload is cut off, and say what a reload cut off. */
export function watch(): void {
  addEventListener("beforeunload", (event) => isUploading.value && event.preventDefault());
  const lost = cut();
  if (!lost) return;
  const unnamed = lost.count - lost.names.length;
  refused.value = [...lost.names.map((name) => ({ name, why: "" })), ...(unnamed ? [{ name: `and ${unnamed.toLocaleString()} more`, why: "" }] : [])];
  told = say(
    `${counted(lost.count, "picture")} may not have reached ${lost.into}, as the page was loaded anew. Drop the same again: only what is missing is sent.`,
    { tone: "failed", lasting: true, action: SHOW },
  );
}

/** Look at what was dropped: what the service would refuse is told before it is sent. */
export async function propose(files: Brought): Promise<void> {
  if (!project.value) return void (held.value = files);
  const most = limits.value?.trainingImageBytes ?? Infinity;
  const { id: projectId } = project.value;
  const looked = await Promise.all(files.map(async (each) => ({ ...each, why: await fault(each.file, most) })));
  const refused = looked.filter(({ why }) => why).map(({ file, why }) => ({ name: file.name, why }));
  const taken = folders(looked.filter(({ why }) => !why));
  if (taken.length || refused.length) proposal.value = { projectId, folders: taken, refused };
}

effect(() => {
  if (!project.value || !held.value.length) return;
  const files = held.value;
  held.value = [];
  untracked(() => void propose(files));
});

/** A view that nobody is at work in shows what came. */
effect(() => void (pages.fresh.value && !isUploading.value && untracked(() => isAtRest() && pages.reopen())));

/** Upload what was proposed, each folder with its tag, whichever project is opened meanwhile. */
export async function start(chosen: readonly Folder[], refusedBefore: readonly Outcome[]): Promise<void> {
  const { id, name } = project.value!;
  if (!isUploading.value) begin();
  into.set(id, name);
  refused.value = [...refused.value, ...refusedBefore];
  proposal.value = null;
  const files = chosen.flatMap((folder) => folder.files);
  progress.value = { ...progress.value, total: progress.value.total + files.length };
  for (const file of files) going.add(file);
  keep(names(), going);
  preparing++;
  // A detector learns from boxes alone: a tag without one would only hide that the image has none.
  const tagged = !isDetector.value;
  let made: Promise<Tag | undefined> | undefined;
  await Promise.all(
    chosen.map(async (folder) => {
      const tag = tagged && folder.tag.trim() ? (made = addTag(folder.tag, "Regular", made)) : null;
      enqueue(id, folder, await tag);
      while (running < AT_ONCE && queue.length) void work();
    }),
  );
  preparing--;
  endIfDone();
}

function begin(): void {
  [duplicates.value, refused.value, added] = [[], [], 0];
  into.clear();
  dismiss(told);
}

/** Without the tag that was asked for they do not go. */
function enqueue(projectId: string, { tag: name, files }: Folder, tag: Tag | null | undefined): void {
  if (tag === undefined) return lose(files, `the tag ${name} could not be made`);
  for (const some of parts(files)) queue.push({ projectId, files: some, tagIds: tag ? [tag.id] : [] });
}

function* parts(files: readonly File[]): Generator<File[]> {
  const most = limits.value?.imagesPerBatch ?? 64;
  let [part, bytes] = [[] as File[], 0];
  for (const file of files) {
    if (part.length && (part.length === most || bytes + file.size > BYTES)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(file);
    bytes += file.size;
  }
  if (part.length) yield part;
}

async function work(): Promise<void> {
  running++;
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { files } = next;
    await deliver(next).then(
      () => pass(files),
      (fault) => lose(files, fault instanceof Refused ? fault.message : String(fault)),
    );
  }
  running--;
  endIfDone();
}

async function deliver({ projectId, files, tagIds }: Batch): Promise<void> {
  const body = new FormData();
  for (const file of files) body.append("imageData", file, file.name);
  const query = { tagIds: [...tagIds], ...(preferences.value.fileNames ? { nameKey: "filename" } : {}) };
  // The service knows pictures that it has by their bytes, so that this can be sent again.
  const { images } = await client.createImagesFromData(projectId, query, body, { tries: 8 });
  const of = (status: string) => images.filter((each) => each.status === status);
  const fresh = of("OK").length;
  added += fresh;
  duplicates.value = [...duplicates.value, ...of("OKDuplicate").map(({ sourceUrl }) => sourceUrl ?? "")];
  const lost = images.filter(({ status }) => !status.startsWith("OK"));
  refused.value = [...refused.value, ...lost.map(({ sourceUrl, status, message }) => ({ name: sourceUrl ?? "", why: message ?? status }))];
  if (project.value?.id !== projectId) return;
  await refresh().catch(() => {});
  pages.arrived(fresh);
}

function pass(files: readonly File[]): void {
  progress.value = { ...progress.value, done: progress.value.done + files.length };
  for (const file of files) going.delete(file);
  keep(names(), going);
}

function lose(files: readonly File[], why: string): void {
  refused.value = [...refused.value, ...files.map(({ name }) => ({ name, why }))];
  pass(files);
}

const endIfDone = () => void (running || preparing || end());

function end(): void {
  pages.filled();
  // They may have got tags.
  if (duplicates.value.length && isAtRest()) void pages.reopen();
  progress.value = { done: 0, total: 0 };
  const elsewhere = into.size === 1 && !into.has(project.value?.id ?? "") ? ` to ${names()}` : "";
  const parts = [`${counted(added, "image")} added${elsewhere}`];
  if (duplicates.value.length) parts.push(`${duplicates.value.length.toLocaleString()} there already`);
  if (refused.value.length) parts.push(`${refused.value.length.toLocaleString()} refused`);
  const list = duplicates.value.length || refused.value.length;
  const lost = refused.value.length > 0;
  told = say(parts.join(", "), { tone: lost ? "failed" : "done", lasting: lost, ...(list ? { action: SHOW } : {}) });
}
