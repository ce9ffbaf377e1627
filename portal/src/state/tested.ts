// Pictures that were tried on a trained iteration: kept while the page is open, and no longer.

import { computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Prediction } from "../api/client";
import { fault as faultOf } from "../model/uploading";
import { project } from "./project";
import { limits } from "./session";

export interface Tested {
  id: number;
  projectId: string;
  name: string;
  /** Its address for an `img`; empty where the page may not show it. */
  picture: string;
  source: Blob | string;
  iterationId: string;
  /** Null while the iteration looks at it. */
  predictions: readonly Prediction[] | null;
  fault?: unknown;
}

const all = signal<readonly Tested[]>([]);
const chosenId = signal(0);
export const threshold = signal(0.5);
/** Whether they go among the stored predictions, too. */
export const keep = signal(true);

export const tested = computed(() => all.value.filter((each) => each.projectId === project.value?.id));
export const chosen = computed(() => tested.value.find(({ id }) => id === chosenId.value) ?? tested.value.at(-1));

export const choose = (id: number) => void (chosenId.value = id);

/** The one before or behind the chosen one. */
export function step(by: number): void {
  const place = tested.value.indexOf(chosen.value!) + by;
  if (tested.value[place]) choose(tested.value[place]!.id);
}

let last = 0;

export async function testFiles(files: readonly Blob[], iterationId: string): Promise<void> {
  const most = limits.value?.trainingImageBytes ?? Infinity;
  const looked = await Promise.all(files.map(async (file) => ({ file, why: file instanceof File ? await faultOf(file, most) : "" })));
  const added = looked.map(({ file, why }) => add(file, file instanceof File ? file.name : "picture", why ? "" : URL.createObjectURL(file), iterationId, why));
  for (const each of added) await judge(each.id);
}

export async function testUrl(url: string, iterationId: string): Promise<void> {
  await judge(add(url, url.split(/[?#]/)[0]!.split("/").at(-1) || url, "", iterationId).id);
}

/** Have another iteration look at a picture. */
export async function again(id: number, iterationId: string): Promise<void> {
  if (isHopeless(find(id)!)) return change(id, { iterationId });
  change(id, { iterationId, predictions: null, fault: undefined });
  await judge(id);
}

/** What is wrong with a file stays wrong. */
const isHopeless = ({ source, picture }: Tested) => typeof source !== "string" && !picture;

export function forget(id: number): void {
  const gone = find(id);
  if (gone?.picture.startsWith("blob:")) URL.revokeObjectURL(gone.picture);
  all.value = all.value.filter((each) => each !== gone);
}

/** One that can't be tested needs nobody to look at it. */
function add(source: Blob | string, name: string, picture: string, iterationId: string, why = ""): Tested {
  const answer = why ? { predictions: [], fault: new Error(`It can't be tested: ${why}.`) } : { predictions: null };
  const one: Tested = { id: ++last, projectId: project.value!.id, name, picture, source, iterationId, ...answer };
  all.value = [...all.value, one];
  choose(one.id);
  return one;
}

function change(id: number, changes: Partial<Tested>): void {
  all.value = all.value.map((each) => (each.id === id ? { ...each, ...changes } : each));
}

const find = (id: number) => all.value.find((each) => each.id === id);
const underway = new Set<number>();

/** Until there is an answer of the iteration that is chosen by then. */
async function judge(id: number): Promise<void> {
  if (underway.has(id)) return;
  underway.add(id);
  for (let one = find(id); one && !one.predictions; one = find(id)) {
    const { iterationId } = one;
    const found = await ask(one).catch((fault: unknown) => ({ fault, predictions: [] }));
    if (find(id)?.iterationId === iterationId) change(id, found);
  }
  underway.delete(id);
}

async function ask({ projectId, source, iterationId }: Tested): Promise<Partial<Tested>> {
  const query = { iterationId, store: keep.value };
  if (typeof source === "string") {
    const { id, predictions } = await client.quickTestImageUrl(projectId, query, { url: source });
    return { predictions, ...(query.store ? { picture: await storedPicture(projectId, iterationId, id) } : {}) };
  }
  return { predictions: (await client.quickTestImage(projectId, query, source)).predictions };
}

/** The page shows no pictures of other sites, but those that the service keeps. */
async function storedPicture(projectId: string, iterationId: string, id: string): Promise<string> {
  const { results } = await client.queryPredictions(projectId, { orderBy: "Newest", maxCount: 16, iterationId });
  return results.find((each) => each.id === id)?.originalImageUri ?? "";
}
