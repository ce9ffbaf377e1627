// A data set on its way in or out: sent in pieces, then followed to its end, also by a page that was loaded anew.
// Calls are written out here: those of api/client would be fetched with what the page needs at first.

import { signal } from "@preact/signals";
import type { DatasetTask } from "../api/client";
import { send } from "../api/send";
import { newId } from "../model/changes";
import * as pages from "./pages";
import { project, refresh } from "./project";

const PIECE_BYTES = 8 * 1024 * 1024;
// A piece that got lost is sent again; it takes the place of itself.
const TRIES = 6;
const POLL_MS = 400;
const PLACE = "ocellus.dataset";
const GOOD_MS = 24 * 3_600_000;

interface Named {
  projectId: string;
  id: string;
  name: string;
}

export interface Exchange extends Named {
  /** The share of the zip that is sent, 0 to 1. */
  sent: number;
  task: DatasetTask | null;
  fault: string;
}

/** The last one; there is one at a time. */
export const exchange = signal<Exchange | null>(null);

export const isUnderWay = (one: Exchange | null): boolean => !!one && !one.fault && one.task?.status !== "Completed" && one.task?.status !== "Failed";

export interface Reading {
  format?: string;
  background?: boolean;
  untagged?: boolean;
}

/** Bring the pictures of a zip into the project. */
export const bring = (file: File, reading: Reading): Promise<void> =>
  run(file.name, async (path) => {
    const pieces = Math.max(1, Math.ceil(file.size / PIECE_BYTES));
    for (let number = 1; number <= pieces; number++) {
      const end = Math.min(number * PIECE_BYTES, file.size);
      await send<void>("PUT", `${path}/pieces/${number}`, { body: file.slice((number - 1) * PIECE_BYTES, end), tries: TRIES });
      change({ sent: end / file.size });
    }
    return send<DatasetTask>("POST", `${path}/import`, { query: { pieces, ...reading }, tries: TRIES });
  });

/** Pack what the project has, or what an iteration was trained on, maybe with what one says of it. */
export const take = (query: { format: string; iterationId: string; predictedBy: string }): Promise<void> =>
  run(project.value!.name, (path) => send<DatasetTask>("POST", `${path}/export`, { query, tries: TRIES }));

/** End it; what came in stays. */
export const stop = (one: Exchange): Promise<DatasetTask> => send<DatasetTask>("POST", `${pathOf(one)}/stop`, {});

/** Go on with one that was under way when the page was loaded anew. */
export async function goOn(): Promise<void> {
  const left: Named | null = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  if (!left || exchange.value || left.projectId !== project.value?.id) return;
  show(left);
  await follow(left).catch(failed);
}

async function run(name: string, begin: (path: string) => Promise<DatasetTask>): Promise<void> {
  const named = { projectId: project.value!.id, id: newId(), name };
  show(named);
  try {
    change({ task: await begin(pathOf(named)) });
    sessionStorage.setItem(PLACE, JSON.stringify(named));
    await follow(named);
  } catch (fault) {
    failed(fault);
  }
}

async function follow(named: Named): Promise<void> {
  const look = () => send<DatasetTask>("GET", pathOf(named), { tries: 20 });
  for (let seen = await look(); ; seen = await look()) {
    change({ task: seen, fault: seen.status === "Failed" ? (seen.message ?? "It failed.") : "" });
    if (seen.status !== "Running") break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  sessionStorage.removeItem(PLACE);
  if (exchange.value?.task?.downloadUri) sessionStorage.setItem(exportOf(named.projectId), JSON.stringify({ ...exchange.value, ended: Date.now() }));
  if (exchange.value?.task?.operation === "import_dataset" && project.value?.id === named.projectId) await refresh().then(pages.reopen, () => {});
}

const exportOf = (projectId: string) => `ocellus.export.${projectId}`;

/** The last export of a project that ended well, while its address is good; other work leaves it. */
export function lastExport(projectId: string): Exchange | null {
  const kept: (Exchange & { ended: number }) | null = JSON.parse(sessionStorage.getItem(exportOf(projectId)) ?? "null");
  return kept && Date.now() - kept.ended < GOOD_MS ? kept : null;
}

const show = (named: Named) => void (exchange.value = { ...named, sent: 0, task: null, fault: "" });

const change = (changes: Partial<Exchange>) => void (exchange.value = { ...exchange.value!, ...changes });

function failed(fault: unknown): void {
  sessionStorage.removeItem(PLACE);
  change({ fault: fault instanceof Error ? fault.message : String(fault) });
}

const pathOf = ({ projectId, id }: Named) => `/ocellus/v1/projects/${projectId}/datasets/${id}`;
