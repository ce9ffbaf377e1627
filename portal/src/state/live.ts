// The model that learns while people label: how it stands, asked again as soon as what was done is saved.

import { computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { LiveSuggestions } from "../api/client";
import { isDetector, project } from "./project";
import { LABELERS, may } from "./session";
import { settled } from "./waiting";

const held = signal<{ projectId: string; told: LiveSuggestions } | null>(null);

/** A detector learns by trainings alone, and who does not label is suggested nothing. */
export const isOffered = computed(() => !!project.value && !isDetector.value && may(LABELERS));
/** As of its last answer; null before that. */
export const told = computed(() => (held.value?.projectId === project.value?.id ? (held.value?.told ?? null) : null));
export const isReady = computed(() => told.value?.state === "Ready");

/** Images that it has not looked at yet. */
export const unseen = computed(() => (told.value ? told.value.total - told.value.embedded : 0));

/** Ask it something. Labels that are on their way count: it answers once they are saved. */
export async function ask(query: client.LiveQuery): Promise<LiveSuggestions> {
  const { id } = project.value!;
  await settled();
  const answer = await client.queryLive(id, query);
  keep(id, answer);
  return answer;
}

/** How it stands now. Where nothing is new the service has nothing to do. */
export async function stand(): Promise<void> {
  const { id } = project.value!;
  const since = told.value?.revision;
  // Who is away is told of elsewhere.
  const answer = await client.queryLive(id, { take: 1, ...(since ? { since } : {}) }).catch(() => null);
  if (answer) keep(id, answer);
}

function keep(projectId: string, told: LiveSuggestions): void {
  const before = held.value;
  if (told.unchanged && before?.projectId === projectId) return;
  held.value = { projectId, told };
}
