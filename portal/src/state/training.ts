// The iterations that are in training, watched while somebody looks.

import { computed } from "@preact/signals";
import * as client from "../api/client";
import { say } from "./notices";
import { iterations, project, showIterations } from "./project";
import { go, pathOf } from "./route";

const POLL_MS = 1000;

export const underway = computed(() => iterations.value.filter(({ status }) => status === "Training"));

/** Look after trainings once a second, and say when one ends. */
export function watch(): void {
  setInterval(() => void (underway.value.length && !document.hidden && look()), POLL_MS);
}

let looking = false;

async function look(): Promise<void> {
  if (looking || !project.value) return;
  looking = true;
  const { id } = project.value;
  const watched = new Set(underway.value.map((iteration) => iteration.id));
  const listed = await client.getIterations(id).catch(() => null);
  looking = false;
  if (!listed || project.value?.id !== id) return;
  showIterations(listed);
  for (const iteration of iterations.value) if (watched.has(iteration.id) && iteration.status !== "Training") tell(iteration);
}

function tell({ id, projectId, name, status, trainingErrorDetails }: client.Iteration): void {
  const look = { text: "How good it is", run: () => go(pathOf(projectId, "performance", id)) };
  if (status === "Completed") say(`${name} is trained.`, { action: look });
  else say(`${name} was not trained: ${trainingErrorDetails ?? status}`, { tone: "failed" });
}
