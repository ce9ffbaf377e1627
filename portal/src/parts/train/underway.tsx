// A training that goes on: how far it is, what it does, and the way to cancel it.

import { useEffect, useState } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { lasting } from "../../model/training";
import { remove } from "../../state/iterating";
import { TRAINERS, lacks } from "../../state/session";
import { Form } from "../form";

export function Underway({ iteration }: { iteration: Iteration }) {
  const [cancelling, setCancelling] = useState(false);
  const seconds = useSeconds(iteration.created);
  const progress = iteration.trainingProgress ?? 0;
  const why = lacks(TRAINERS);
  return (
    <section class="card underway" aria-label={`${iteration.name} is in training`}>
      <header>
        <h2>{iteration.name} is in training</h2>
        <span class="grow" />
        <button disabled={!!why} title={why} onClick={() => setCancelling(true)}>
          Cancel
        </button>
      </header>
      <progress aria-label="Progress" value={progress || undefined} max={1} />
      <p class="faint">
        {progress > 0 && `${Math.round(100 * progress)} % · `}
        {iteration.trainingMessage ? `${iteration.trainingMessage} · ` : ""}
        {lasting(seconds)}
        {iteration.trainingType === "Advanced" && ` of at most ${iteration.reservedBudgetInHours || 1} h`}
      </p>
      <p class="faint">You can go on labelling: what is trained was fixed when it began.</p>
      {cancelling && (
        <Form title={`Cancel ${iteration.name}?`} doing="Cancel the training" ready run={() => remove(iteration)} onClose={() => setCancelling(false)}>
          <p>What it has learnt so far goes. Your images and tags stay as they are.</p>
        </Form>
      )}
    </section>
  );
}

function useSeconds(since: string): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, (now - Date.parse(since)) / 1000);
}
