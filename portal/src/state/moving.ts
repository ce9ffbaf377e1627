// What comes from elsewhere: models, and how iterations did before the project moved here.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import type { Iteration, PastPerformance } from "../api/client";
import { Refused } from "../api/send";
import { iterations, project } from "./project";
import { say } from "./notices";

/** How iterations did before, the oldest first. */
export const pasts = signal<readonly PastPerformance[]>([]);

export async function readPasts(): Promise<void> {
  const id = project.value!.id;
  pasts.value = [];
  const found = await client.getPastPerformances(id);
  if (project.value?.id === id) pasts.value = found;
}

/** That of an iteration, which it has under the id that it had there. */
export function pastOf({ id, importedFrom }: Iteration): PastPerformance | undefined {
  return pasts.value.find((past) => past.id === id || (past.id && past.id === importedFrom?.iterationId));
}

/** The iteration that a package became. */
export async function importModel(file: File): Promise<Iteration> {
  const made = await client.importIteration(project.value!.id, {}, file);
  iterations.value = [...iterations.value.filter(({ id }) => id !== made.id), made];
  return made;
}

/** Nothing is told of how good an iteration is. */
export const isUnjudged = (fault: unknown) => fault instanceof Refused && fault.code === "NotFoundIterationPerformance";

/** Have an imported one look at the labelled images. */
export async function judgeImported({ projectId, id, name }: Iteration): Promise<void> {
  await client.judgeIteration(projectId, id);
  say(`${name} looks at the labelled images; see again in a moment.`);
}
