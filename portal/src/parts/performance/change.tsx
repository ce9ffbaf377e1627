// An iteration's name, and its end.

import { useState } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { remove, rename } from "../../state/iterating";
import { Form } from "../form";

export function Rename({ iteration, onClose }: { iteration: Iteration; onClose: () => void }) {
  const [name, setName] = useState(iteration.name);
  const run = async () => {
    if (name.trim() !== iteration.name) await rename(iteration, name.trim());
    onClose();
  };
  return (
    <Form title={`Rename ${iteration.name}`} doing="Rename" ready={!!name.trim()} run={run} onClose={onClose}>
      <label>
        Name
        <input autofocus required maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} onFocus={(event) => event.currentTarget.select()} />
      </label>
    </Form>
  );
}

export function Delete({ iteration, onDeleted, onClose }: { iteration: Iteration; onDeleted: () => void; onClose: () => void }) {
  const run = async () => {
    await remove(iteration);
    onDeleted();
  };
  return (
    <Form title={`Delete ${iteration.name}?`} doing="Delete it" ready run={run} onClose={onClose}>
      <p>Its model, its figures and its exports go, and this can’t be undone. Your images and tags stay.</p>
    </Form>
  );
}
