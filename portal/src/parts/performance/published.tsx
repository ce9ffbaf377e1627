// The names that answer: by which iteration, since when, by whom; and the way back to what answered before.

import { useState } from "preact/hooks";
import type { PublishedIteration, PublishedName } from "../../api/client";
import { shortTime } from "../../model/training";
import { publish } from "../../state/iterating";
import { say } from "../../state/notices";
import { names, readNames } from "../../state/performance";
import { iterations, project } from "../../state/project";
import { DEPLOYERS, lacks } from "../../state/session";
import { Form } from "../form";
import { useOneStop } from "../onestop";
import { useReading } from "../reading";

export function PublishedNames({ onAddress }: { onAddress: (name: string) => void }) {
  const [back, setBack] = useState<PublishedName | null>(null);
  useReading(readNames, "The published names", project.value?.id);
  const list = useOneStop("button:first-of-type");
  if (!names.value.length) return null;
  const why = lacks(DEPLOYERS);
  return (
    <section class="names" aria-label="Published names">
      <h2>Published</h2>
      <ul ref={list}>
        {names.value.map((name) => (
          <li key={name.name}>
            <b class="live">{name.name}</b>
            <small>
              {iterationName(name.iterationId)} since {shortTime(name.published)}
              {name.by && ` by ${name.by}`}
            </small>
            <span>
              <button onClick={() => onAddress(name.name)}>Prediction URL</button>
              <button disabled={!!why || !candidates(name).length} title={why || (candidates(name).length ? "" : "Nothing that is still there answered before")} onClick={() => setBack(name)}>
                Roll back
              </button>
            </span>
          </li>
        ))}
      </ul>
      {back && <RollBack name={back} onClose={() => setBack(null)} />}
    </section>
  );
}

export const iterationName = (id: string) => iterations.value.find((iteration) => iteration.id === id)?.name ?? "a deleted iteration";

/** What answered before and can again: it is there, and no other name has it. Each once, the latest first. */
function candidates({ iterationId, before }: PublishedName): PublishedIteration[] {
  const free = (id: string) => id !== iterationId && iterations.value.some((each) => each.id === id && !each.publishName);
  return before.filter(({ iterationId: id }, place) => free(id) && before.findIndex((each) => each.iterationId === id) === place);
}

function RollBack({ name, onClose }: { name: PublishedName; onClose: () => void }) {
  const all = candidates(name);
  const [chosen, setChosen] = useState(all[0]?.iterationId ?? "");
  const run = async () => {
    await publish(chosen, name.name);
    say(`${name.name} answers by ${iterationName(chosen)} again.`);
    onClose();
  };
  return (
    <Form title={`Roll ${name.name} back`} doing="Roll back" ready={!!chosen} run={run} onClose={onClose}>
      <p>
        {name.name} answers by {iterationName(name.iterationId)} now. From the next request on it answers by:
      </p>
      <fieldset class="kinds">
        <legend class="unseen">Iteration</legend>
        {all.map(({ iterationId, published, by }) => (
          <label key={iterationId}>
            <input type="radio" name="iteration" autofocus={iterationId === chosen} checked={iterationId === chosen} onChange={() => setChosen(iterationId)} />
            <span>
              <b>{iterationName(iterationId)}</b>
              <small>
                published {shortTime(published)}
                {by && ` by ${by}`}
              </small>
            </span>
          </label>
        ))}
      </fieldset>
    </Form>
  );
}
