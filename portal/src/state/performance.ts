// How well iterations do: their curves and what they took for what, fetched once and asked for again as it changes.

import { computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Confusions, Iteration, PerformanceCurves, PublishedName } from "../api/client";
import { newestFirst } from "../model/training";
import { iterations, project } from "./project";

/** The iterations, the newest first, and those of them that can be looked at. */
export const ordered = computed(() => newestFirst(iterations.value));
export const trained = computed(() => ordered.value.filter(({ status }) => status === "Completed"));

/** What the sliders say: many places follow them, each by itself. */
export const threshold = signal(0.5);
export const overlap = signal(0.3);

interface Judged {
  iterationId: string;
  overlap: number;
  curves: PerformanceCurves;
}

interface Counted {
  key: string;
  confusions: Confusions;
}

/** Of the iteration that is shown; while another is on its way still of the one before. */
export const judged = signal<Judged | null>(null);
export const counted = signal<Counted | null>(null);
/** Why there are no curves, and why no confusions. */
export const fault = signal<unknown>(null);
export const countFault = signal<unknown>(null);

const known = new Map<string, Promise<PerformanceCurves>>();
const KEPT = 16;

/** The curves of an iteration, which never change: asked for once. */
export function curvesOf(iterationId: string, overlapThreshold: number): Promise<PerformanceCurves> {
  const key = `${iterationId} ${overlapThreshold}`;
  const found = known.get(key) ?? client.getPerformanceCurves(project.value!.id, iterationId, { overlapThreshold });
  known.delete(key);
  known.set(key, found);
  found.catch(() => known.delete(key));
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return found;
}

/** How often an iteration was judged since: who shows its figures asks for them again. */
export const judgings = signal(0);

let wanted = "";

export async function judge(iterationId: string, overlapThreshold: number): Promise<void> {
  wanted = `${iterationId} ${overlapThreshold}`;
  const mine = wanted;
  try {
    const curves = await curvesOf(iterationId, overlapThreshold);
    if (mine !== wanted) return;
    judged.value = { iterationId, overlap: overlapThreshold, curves };
    fault.value = null;
  } catch (refused) {
    if (mine === wanted) fault.value = refused;
  }
}

export const keyOf = (iterationId: string, limit: number, overlapThreshold: number) => `${iterationId} ${limit} ${overlapThreshold}`;

let asked = "";

export async function count(iterationId: string, limit: number, overlapThreshold: number): Promise<void> {
  asked = keyOf(iterationId, limit, overlapThreshold);
  const mine = asked;
  if (counted.value?.key === mine) return;
  try {
    const confusions = await client.getConfusions(project.value!.id, iterationId, { threshold: limit, overlapThreshold });
    if (mine !== asked) return;
    counted.value = { key: mine, confusions };
    countFault.value = null;
  } catch (refused) {
    if (mine === asked) countFault.value = refused;
  }
}

/** The average precision of iterations, for their list. */
export const scores = signal<ReadonlyMap<string, number>>(new Map());

/** One after the other, as the first look at an iteration is work for the service. */
export async function score(some: readonly Iteration[]): Promise<void> {
  for (const { id, projectId } of some) {
    if (scores.value.has(id) || project.value?.id !== projectId) continue;
    const average = (await client.getIterationPerformance(projectId, id).catch(() => null))?.averagePrecision;
    if (typeof average === "number") scores.value = new Map([...scores.value, [id, average]]);
  }
}

export const names = signal<readonly PublishedName[]>([]);
/** The project whose names they are. */
let namesOf = "";

export async function readNames(): Promise<void> {
  const id = project.value?.id;
  if (!id) return;
  if (namesOf !== id) names.value = [];
  namesOf = id;
  const found = await client.getPublishedNames(id);
  if (project.value?.id === id) names.value = found;
}
