// How the live model stands: what it has looked at and learned from, and what it lacks. How right it is only images tell
// that were drawn at random: what was confirmed the surest first would flatter it.

import { useEffect } from "preact/hooks";
import { counted } from "../../model/labelling";
import { told, stand, unseen } from "../../state/live";
import { saving } from "../../state/outbox";
import { project, tags } from "../../state/project";
import { pictured } from "../pictured";
import "./live.css";

/** It learns once the hand rests. */
const REST_MS = 300;
/** It is asked how far it has looked, the more rarely the longer nothing comes of it. */
const LOOK_MS = 3000;
const SLOWER = 1.5;
const NAMED = 3;

export function LivePanel() {
  useAsking();
  useLooking();
  const { value: stands } = told;
  if (!stands) return null;
  return (
    <section class="livepanel" aria-label="Live model">
      <h2>Live model</h2>
      <p>{headline()}</p>
      {stands.state === "Ready" && <p class="faint">{measure()}</p>}
      {unseen.value > 0 && <Looked />}
      {stands.lacking.length > 0 && <p class="faint">No label yet: {named(stands.lacking)}</p>}
    </section>
  );
}

function headline(): string {
  const { state, labelled, total } = told.value!;
  if (state === "Ready") return `Learned from ${counted(labelled, "labelled image")}`;
  if (state === "Unavailable") return "What looks at images is on its way";
  if (!total) return "It learns from images with tags";
  return labelled ? "One more tag with a label, and it suggests" : "Label images of two tags, and it suggests";
}

function measure(): string {
  const { measured } = told.value!;
  if (!measured) return "Not measured yet: images that are drawn at random tell";
  const { right, labelled, low, high } = measured;
  return `Right about ${right} of the last ${counted(labelled, "image")} drawn at random: ${percent(low)} to ${percent(high)} %`;
}

const percent = (share: number) => Math.round(100 * share);

/** In the order of the list above. */
function named(tagIds: readonly string[]): string {
  const names = tags.value.filter(({ id }) => tagIds.includes(id)).map(({ name }) => name);
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ` and ${names.length - NAMED} more` : "");
}

function Looked() {
  const { embedded, total } = told.value!;
  return (
    <p class="faint">
      <progress value={embedded} max={total} aria-label="Images it has looked at" />
      Seen {embedded.toLocaleString()} of {counted(total, "image")}
    </p>
  );
}

/** As soon as what was done is saved. */
function useAsking(): void {
  const id = project.value?.id;
  useEffect(() => {
    if (saving.value) return;
    let isOver = false;
    const ready = told.peek() ? Promise.resolve() : pictured();
    const timer = setTimeout(() => void ready.then(() => (isOver ? undefined : stand())), told.peek() ? REST_MS : 0);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [saving.value, id]);
}

function useLooking(): void {
  const isLooking = unseen.value > 0;
  const seen = told.value?.embedded;
  useEffect(() => {
    if (!isLooking) return;
    let pause = LOOK_MS;
    let timer = setTimeout(look, pause);
    async function look() {
      if (!document.hidden) await stand();
      timer = setTimeout(look, (pause *= SLOWER));
    }
    return () => clearTimeout(timer);
  }, [isLooking, seen]);
}
