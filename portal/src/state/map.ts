// The map of the project's images, as it was drawn last.

import { signal } from "@preact/signals";
import * as client from "../api/client";
import { pointsOf, type MapPoint } from "../model/mapping";
import { concerned } from "./outbox";
import { picked } from "./picked";
import { settled } from "./waiting";

interface Drawn {
  projectId: string;
  state: client.LiveState;
  total: number;
  drawing: boolean;
  points: readonly MapPoint[];
}

const AGAIN_MS = 2000;

export const map = signal<Drawn | null>(null);
export const fault = signal<unknown>(null);

/** Until it is called off, the map is read again while a newer one is on its way. So it is once something is undone, as the images of that may be beside it no longer. */
export function follow(projectId: string): () => void {
  let timer = 0;
  let isOver = false;
  if (map.value?.projectId !== projectId) [map.value, picked.value] = [null, []];
  const read = async () => {
    clearTimeout(timer);
    try {
      const found = await client.getImageMap(projectId);
      if (isOver) return;
      const { state, total, drawing } = found;
      [map.value, fault.value] = [{ projectId, state, total, drawing, points: pointsOf(found) }, null];
    } catch (refused) {
      if (!isOver) fault.value = refused;
    }
    if (!isOver && (map.value?.drawing || map.value?.state === "Embedding")) timer = setTimeout(() => void read(), AGAIN_MS);
  };
  const stop = concerned.subscribe(() => void settled().then(read));
  return () => {
    isOver = true;
    stop();
    clearTimeout(timer);
  };
}
