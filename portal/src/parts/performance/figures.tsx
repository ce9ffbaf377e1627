// How good it is at a threshold: the three figures, and the sliders that move them at once.

import type { Signal } from "@preact/signals";
import type { PerformanceCurves } from "../../api/client";
import { at, best, f1 } from "../../model/curves";
import { percent } from "../../model/judging";
import { overlap, threshold } from "../../state/performance";
import { useThreshold } from "../judged/threshold";

export function Figures({ curves, detector }: { curves: PerformanceCurves; detector: boolean }) {
  const { precision, recall } = at(curves.overall, threshold.value);
  const good = best(curves.overall);
  useThreshold(threshold.value, (value) => (threshold.value = value));
  return (
    <section class="figures" aria-label="Figures">
      <Figure name="Precision" value={precision} title="Of what it says, so much is right" />
      <Figure name="Recall" value={recall} title="Of what is there, it finds so much" />
      <Figure name="Average precision (AP)" value={curves.overall.averagePrecision} title="Over all thresholds, the mean of all tags" />
      <span class="grow" />
      <div class="sliders">
        <Slider name="Threshold" of={threshold} title="It says what is at least so probable" />
        {detector && <Slider name="Overlap" of={overlap} title="A box is right that overlaps a true one by so much" />}
        {!!f1(at(curves.overall, good)) && <Balance good={good} />}
      </div>
    </section>
  );
}

/** It stays a button once it was used, so that the focus stays as well. */
function Balance({ good }: { good: number }) {
  const used = Math.abs(good - threshold.value) < 0.005;
  return (
    <button title="The threshold where precision and recall together are best" onClick={() => (threshold.value = good)}>
      {used ? "At the best balance" : `Use the best balance, ${good.toFixed(2)}`}
    </button>
  );
}

function Figure({ name, value, title }: { name: string; value: number | null; title: string }) {
  return (
    <div class="figure" title={title}>
      <span class="faint">{name}</span>
      <output aria-label={name}>{percent(value)}</output>
    </div>
  );
}

export function Slider({ name, of, title }: { name: string; of: Signal<number>; title: string }) {
  return (
    <label title={title}>
      <span>{name}</span>
      <input type="range" min={0} max={1} step={0.01} value={of.value} aria-valuetext={of.value.toFixed(2)} onInput={(event) => (of.value = Number(event.currentTarget.value))} />
      <b>{of.value.toFixed(2)}</b>
    </label>
  );
}
