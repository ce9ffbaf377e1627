// What is done to iterations: train, cancel, rename, delete, publish, roll back.

import * as client from "../api/client";
import type { CameraFeedback, Iteration, PublishedName, TrainingType } from "../api/client";
import { send } from "../api/send";
import { names, readNames } from "./performance";
import { iterations, project, removeIteration, showIterations } from "./project";
import { say } from "./notices";

export interface Wanted {
  type: TrainingType;
  hours: number;
  /** Those of all tags if it is empty. */
  tagIds: readonly string[];
  /** Although nothing has changed since the last one. */
  again: boolean;
}

/** What publishing asks for in Custom Vision; any text will do here. */
const RESOURCE = "ocellus";

const here = () => project.value!.id;

export function put(changed: Iteration): void {
  const others = iterations.value.filter(({ id }) => id !== changed.id);
  iterations.value = [...others, changed];
}

async function reread(): Promise<void> {
  const id = here();
  const [listed] = await Promise.all([client.getIterations(id), readNames()]);
  if (project.value?.id === id) showIterations(listed);
}

export async function train({ type, hours, tagIds, again }: Wanted): Promise<Iteration> {
  const query = { trainingType: type, ...(type === "Advanced" ? { reservedBudgetInHours: hours } : {}), ...(again ? { forceTrain: true } : {}) };
  const begun = await client.trainProject(here(), query, tagIds.length ? { selectedTags: [...tagIds] } : {});
  put(begun);
  return begun;
}

export async function rename(iteration: Iteration, name: string): Promise<void> {
  put(await client.updateIteration(here(), iteration.id, { name }));
}

/** Of one in training: it is cancelled. */
export async function remove(iteration: Iteration): Promise<void> {
  await removeIteration(iteration);
  say(iteration.status === "Training" ? `The training of ${iteration.name} is cancelled.` : `${iteration.name} is deleted.`);
}

/** Let a name answer by this iteration, whichever did before. */
export async function publish(iterationId: string, name: string): Promise<void> {
  await client.publishIteration(here(), iterationId, { publishName: name, predictionId: RESOURCE, overwrite: true });
  await reread();
}

export async function unpublish(iteration: Iteration): Promise<void> {
  await client.unpublishIteration(here(), iteration.id);
  await reread();
  say(`${iteration.publishName} answers no more.`);
}

/** Which pictures of cameras are kept for a name, to be labelled. */
export async function setFeedback(name: string, feedback: CameraFeedback): Promise<void> {
  const projectId = here();
  // Written out: that of api/client would be fetched with what the page needs at first.
  const changed = await send<PublishedName>("PUT", `/ocellus/v1/projects/${projectId}/publishednames/${name}/camerafeedback`, { body: feedback });
  if (project.value?.id === projectId) names.value = names.value.map((each) => (each.name === changed.name ? changed : each));
}

/** Version 2's way to publish, which has no names. */
export async function makeDefault(iteration: Iteration): Promise<void> {
  await client.updateIteration(here(), iteration.id, { isDefault: true });
  await reread();
  say(`${iteration.name} is the default iteration.`);
}
