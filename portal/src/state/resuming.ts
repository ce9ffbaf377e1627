// What was waiting when a project was opened is counted as if the service had it already.

import { effect, untracked } from "@preact/signals";
import * as client from "../api/client";
import { applied } from "../model/changes";
import { counts, project, recount, refresh, tagName } from "./project";
import { count, isGoing, waiting } from "./waiting";

/** The most that a call takes. */
const AT_ONCE = 64;

let countedOf = "";
let guessed = false;

export function start(): void {
  effect(() => {
    const id = counts.value ? (project.value?.id ?? "") : "";
    if (id === countedOf) return;
    countedOf = id;
    untracked(() => void foresee(id));
  });
  effect(() => {
    if (count.value || !guessed) return;
    guessed = false;
    untracked(() => void refresh().catch(() => {}));
  });
}

async function foresee(id: string): Promise<void> {
  const changes = waiting.value.filter(({ projectId }) => projectId === id).map(({ change }) => change);
  const ids = [...new Set(changes.map(({ imageId }) => imageId))];
  guessed ||= ids.length > 0;
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const images = await client.getImagesByIds(id, { imageIds: ids.slice(from, from + AT_ONCE) }).catch(() => []);
    if (project.value?.id !== id) return;
    for (const image of images) {
      const after = changes.reduce((seen, change) => applied(seen, change, tagName), image);
      recount(image, isGoing(image.id) ? undefined : after);
    }
  }
}
