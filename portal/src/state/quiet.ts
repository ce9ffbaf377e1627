// Quick trainings of a detector that begin by themselves while somebody draws boxes, so that better ones are suggested.

import { computed, effect, signal, untracked } from "@preact/signals";
import * as client from "../api/client";
import { Refused } from "../api/send";
import { nextAt, newestFirst } from "../model/training";
import { put } from "./iterating";
import { fail } from "./notices";
import { saving } from "./outbox";
import { prefer, preferences } from "./preferences";
import { counts, isDetector, iterations, project, removeIteration, tags } from "./project";
import { TRAINERS, limits, may } from "./session";
import { underway } from "./training";

const IN_PROGRESS = "BadRequestTrainingAlreadyInProgress";

const here = computed(() => project.value?.id ?? "");
const made = computed(() => preferences.value.quiet[here.value]);
/** Whether it was asked for, in this project and on this machine. */
export const isOn = computed(() => !!made.value && isDetector.value && may(TRAINERS));
/** The tags with enough images. */
export const trainable = computed(() => tags.value.filter(({ imageCount }) => imageCount >= (limits.value?.imagesPerTagDraft ?? 1)));

const trained = computed(() => newestFirst(iterations.value.filter(({ status }) => status === "Completed")));
/** From how many images an iteration learned, by its id. */
const learned = signal<ReadonlyMap<string, number>>(new Map());
/** With how many images one was begun here, by the project: one that fails isn't begun anew for nothing. */
const begun = signal<ReadonlyMap<string, number>>(new Map());

/** How many more images with boxes it waits for; null until that is known. */
export const awaited = computed(() => {
  const [newest] = trained.value;
  const before = newest ? learned.value.get(newest.id) : 0;
  if (!counts.value || before === undefined) return null;
  return Math.max(0, nextAt(Math.max(before, begun.value.get(here.value) ?? 0)) - counts.value.Tagged);
});

export function toggle(): void {
  const { [here.value]: on, ...others } = preferences.value.quiet;
  if (on) prefer({ quiet: others });
  else keep([]);
}

effect(() => {
  const [newest] = trained.value;
  if (isOn.value && newest && !learned.value.has(newest.id)) untracked(() => void look(newest));
});

effect(() => {
  if (isOn.value && awaited.value === 0 && trainable.value.length && !underway.value.length && !saving.value) untracked(() => void begin());
});

effect(() => {
  const [, ...older] = trained.value.filter(({ id }) => made.value?.includes(id));
  if (isOn.value && older.length) untracked(() => supersede(older));
});

/** Of the iterations that came of it the newest stays, and what somebody published. */
function supersede(older: readonly client.Iteration[]): void {
  keep(made.value!.filter((id) => older.every((each) => each.id !== id)));
  for (const each of older) if (!each.publishName && !each.isDefault) void removeIteration(each).catch(() => {});
}

function keep(ids: readonly string[], projectId = here.value): void {
  prefer({ quiet: { ...preferences.value.quiet, [projectId]: ids } });
}

async function look({ id, projectId }: client.Iteration): Promise<void> {
  // What was imported learned from nothing that is here.
  const count = await client.getImageCount(projectId, { iterationId: id, taggingStatus: "Tagged" }).catch(() => 0);
  learned.value = new Map([...learned.value, [id, count]]);
}

async function begin(): Promise<void> {
  const { value: id } = here;
  begun.value = new Map([...begun.value, [id, counts.value!.Tagged]]);
  try {
    const iteration = await client.trainDraft(id);
    if (here.value === id) put(iteration);
    const before = preferences.value.quiet[id];
    if (before) keep([...before, iteration.id], id);
  } catch (fault) {
    // Somebody else's training learns from the same images.
    if (!(fault instanceof Refused) || fault.code !== IN_PROGRESS) fail(fault, "A quiet training");
  }
}
