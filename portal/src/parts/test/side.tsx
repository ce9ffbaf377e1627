// Beside the picture: who looks at it, what it says, from which threshold on.

import type { Prediction } from "../../api/client";
import { hint } from "../../model/keys";
import { percent, said } from "../../model/judged";
import { kind } from "../../state/judging";
import { keep, threshold, tested, type Tested } from "../../state/tested";
import { IterationChoice } from "../judged/iterations";
import { Bars } from "../judged/looked";
import { Threshold } from "../judged/threshold";
import { Inputs, type Ways } from "./invitation";

interface Props {
  one: Tested | undefined;
  iterationId: string;
  onIteration: (iterationId: string) => void;
  ways: Ways;
}

export function Side({ one, iterationId, onIteration, ways }: Props) {
  return (
    <aside class="side" aria-label="What it says">
      <label class="field">
        Iteration
        <IterationChoice value={iterationId} change={onIteration} />
      </label>
      <Threshold label="From" value={threshold.value} change={(value) => (threshold.value = value)} />
      {one && !one.fault && <Said one={one} />}
      <span class="grow" />
      {tested.value.length > 0 && (
        <>
          <h2 class="another">Another picture</h2>
          <Inputs {...ways} />
        </>
      )}
      <label class="check">
        <input type="checkbox" checked={keep.value} onChange={(event) => (keep.value = event.currentTarget.checked)} />
        Keep what is tested among the predictions
      </label>
    </aside>
  );
}

function Said({ one: { name, predictions } }: { one: Tested }) {
  if (!predictions) return <p class="faint" role="status">Looking at {name} …</p>;
  const counting = said(predictions, kind.value, threshold.value).length;
  const ordered = [...predictions].sort((a, b) => b.probability - a.probability);
  const shown = kind.value === "Detector" ? ordered.filter(({ probability }) => probability >= threshold.value) : ordered;
  return (
    <>
      <h2 class="file" title={name}>
        {name}
      </h2>
      {counting === 0 && <Below surest={ordered[0]} />}
      <Bars predictions={shown} threshold={threshold.value} />
      {tested.value.length > 1 && (
        <p class="faint">
          <kbd>{hint("left")}</kbd> <kbd>{hint("right")}</kbd> others · <kbd>{hint("delete")}</kbd> forget it
        </p>
      )}
    </>
  );
}

/** What is said of a picture of which nothing counts. */
function Below({ surest }: { surest: Prediction | undefined }) {
  if (!surest) return <p role="status">It finds nothing.</p>;
  const { tagName, probability } = surest;
  return (
    <>
      <p role="status">
        The surest: {tagName}, {percent(probability)}; below the threshold of {percent(threshold.value)}.
      </p>
      <button onClick={() => (threshold.value = Math.floor(probability * 100) / 100)}>Lower the threshold to it</button>
    </>
  );
}
