// Publishing: the name is filled in, and who answers under it today is said before it is taken over.

import { useState } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { publish, unpublish } from "../../state/iterating";
import { names } from "../../state/performance";
import { say } from "../../state/notices";
import { Form } from "../form";
import { iterationName } from "./published";

interface Props {
  iteration: Iteration;
  onPublished: (name: string) => void;
  onClose: () => void;
}

const USUAL = "live";

export function Publish({ iteration, onPublished, onClose }: Props) {
  const latest = [...names.value].sort((a, b) => b.published.localeCompare(a.published))[0];
  const [name, setName] = useState(latest?.name ?? USUAL);
  const held = names.value.find((each) => each.name.toLowerCase() === name.trim().toLowerCase());
  const run = async () => {
    await publish(iteration.id, name.trim());
    say(`${name.trim()} answers by ${iteration.name}.`);
    onPublished(name.trim());
  };
  return (
    <Form title={`Publish ${iteration.name}`} doing="Publish" ready={!!name.trim()} run={run} onClose={onClose}>
      <label>
        Name
        <input autofocus required maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} onFocus={(event) => event.currentTarget.select()} />
      </label>
      <p class="faint">
        {held ? `${held.name} answers by ${iterationName(held.iterationId)} today. From the next request on it answers by ${iteration.name}; you can roll it back.` : "Programs ask for predictions by this name, whichever iteration answers."}
      </p>
    </Form>
  );
}

export function Unpublish({ iteration, onClose }: { iteration: Iteration; onClose: () => void }) {
  const run = async () => {
    await unpublish(iteration);
    onClose();
  };
  return (
    <Form title={`Unpublish ${iteration.publishName}?`} doing="Unpublish" ready run={run} onClose={onClose}>
      <p>Programs and cameras that ask for {iteration.publishName} get no predictions any more, until another iteration is published under it.</p>
    </Form>
  );
}
