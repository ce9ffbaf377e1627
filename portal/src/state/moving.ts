// What comes from elsewhere: models, and how iterations did before the project moved here.
// Calls are written out here: those of api/client would be fetched with what the page needs at first.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import type { Iteration, PastPerformance } from "../api/client";
import { Refused, send } from "../api/send";
import { judgings, score } from "./performance";
import { counts, iterations, project } from "./project";
import { say } from "./notices";

/** How iterations did before, the oldest first. */
export const pasts = signal<readonly PastPerformance[]>([]);

export async function readPasts(): Promise<void> {
  const id = project.value!.id;
  pasts.value = [];
  const found = await send<PastPerformance[]>("GET", `/ocellus/v1/projects/${id}/pastperformances`, {});
  if (project.value?.id === id) pasts.value = found;
}

const pathOf = (projectId: string) => `/ocellus/v1/projects/${projectId}/iterations`;

/** That of an iteration, which it has under the id that it had there. */
export function pastOf({ id, importedFrom }: Iteration): PastPerformance | undefined {
  return pasts.value.find((past) => past.id === id || (past.id && past.id === importedFrom?.iterationId));
}

/** The iteration that a package became. */
export async function importModel(file: File): Promise<Iteration> {
  const made = await send<Iteration>("POST", `${pathOf(project.value!.id)}/import`, { body: file });
  iterations.value = [...iterations.value.filter(({ id }) => id !== made.id), made];
  if (counts.value?.Tagged) void follow(made, async () => {}).catch(() => {});
  return made;
}

/** Nothing is told of how good an iteration is. */
export const isUnjudged = (fault: unknown) => fault instanceof Refused && fault.code === "NotFoundIterationPerformance";

/** The iterations that look at the labelled images. */
export const looking = signal<ReadonlySet<string>>(new Set());

const POLL_MS = 1000;
/** The service looks for two minutes at most. */
const LONGEST_MS = 180_000;
const PLACE = "ocellus.judging";

/** Of each iteration that looks, since when. */
const begun = (): Record<string, number> => JSON.parse(sessionStorage.getItem(PLACE) ?? "{}");

function forget(iterationId: string): void {
  const { [iterationId]: _ended, ...others } = begun();
  sessionStorage.setItem(PLACE, JSON.stringify(others));
}

/** Go on with one that looked when the page was loaded anew. It is asked again, as the first call may not have come through. */
export function goOn(iteration: Iteration): void {
  if (Date.now() - (begun()[iteration.id] ?? 0) < LONGEST_MS) void judgeImported(iteration).catch(() => {});
}

/** Have an imported one look at the labelled images, until its figures are there. */
export const judgeImported = (iteration: Iteration): Promise<void> => follow(iteration, () => send("POST", `${pathOf(iteration.projectId)}/${iteration.id}/judge`, {}));

async function follow(iteration: Iteration, begin: () => Promise<unknown>): Promise<void> {
  const { id, name } = iteration;
  if (looking.value.has(id)) return;
  looking.value = new Set([...looking.value, id]);
  sessionStorage.setItem(PLACE, JSON.stringify({ [id]: Date.now(), ...begun() }));
  try {
    await begin();
    if (await isJudged(iteration)) await score([iteration]);
    else say(`${name} has seen no labelled image of its tags. Label some, and show it to them again.`);
    forget(id);
  } catch (fault) {
    // A page that is left cuts its calls off.
    if (!(fault instanceof Refused && fault.passing)) forget(id);
    throw fault;
  } finally {
    looking.value = new Set([...looking.value].filter((each) => each !== id));
    judgings.value++;
  }
}

async function isJudged({ projectId, id }: Iteration): Promise<boolean> {
  for (const end = Date.now() + LONGEST_MS; Date.now() < end && project.value?.id === projectId; ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const fault = await client.getIterationPerformance(projectId, id).then(() => null, (refused: unknown) => refused);
    if (!fault) return true;
    if (!isUnjudged(fault) && !(fault instanceof Refused && fault.passing)) throw fault;
  }
  return false;
}
