// Which of the stored predictions are shown.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { DAYS, type PredictionFilter } from "../../model/predicting";
import type { PredictionOrder } from "../../api/client";
import { percent } from "../../model/judged";
import { isMulticlass, tags } from "../../state/project";
import { IterationChoice } from "../judged/iterations";
import { Threshold } from "../judged/threshold";

interface Props {
  filter: PredictionFilter;
  show: (changes: Partial<PredictionFilter>) => void;
  from: number;
  setFrom: (threshold: number) => void;
  count: string;
}

const ORDER_TEXTS: Record<PredictionOrder, string> = { Suggested: "most useful first", Newest: "newest first", Oldest: "oldest first" };
const PAUSE_MS = 300;

export function Filters({ filter, show, from, setFrom, count }: Props) {
  return (
    <div class="filterbar" role="toolbar" aria-label="What is shown">
      <select aria-label="Order" value={filter.order} onChange={(event) => show({ order: event.currentTarget.value as PredictionOrder })}>
        {Object.entries(ORDER_TEXTS).map(([order, text]) => (
          <option key={order} value={order}>
            {text}
          </option>
        ))}
      </select>
      <IterationChoice any="every iteration" value={filter.iterationId} change={(iterationId) => show({ iterationId })} />
      <select aria-label="Time" value={filter.days} onChange={(event) => show({ days: Number(event.currentTarget.value) })}>
        <option value={0}>at any time</option>
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {days === 1 ? "last 24 hours" : `last ${days} days`}
          </option>
        ))}
      </select>
      <TagRange filter={filter} show={show} />
      <Application filter={filter} show={show} />
      <span class="grow" />
      <span class="total" aria-live="polite">
        {count}
      </span>
      {!isMulticlass.value && <Threshold label="Said from" value={from} change={setFrom} />}
    </div>
  );
}

type Given = Pick<Props, "filter" | "show">;

function TagRange({ filter, show }: Given) {
  const [range, setRange] = useState({ low: filter.low, high: filter.high });
  useEffect(() => setRange({ low: filter.low, high: filter.high }), [filter.low, filter.high]);
  useEffect(() => {
    if (range.low === filter.low && range.high === filter.high) return;
    const timer = setTimeout(() => show(range), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [range]);
  const low = (value: number) => setRange({ low: value, high: Math.max(value, range.high) });
  const high = (value: number) => setRange({ low: Math.min(value, range.low), high: value });
  return (
    <>
      <select aria-label="Tag" value={filter.tagId} onChange={(event) => show({ tagId: event.currentTarget.value, low: 0, high: 1 })}>
        <option value="">any tag</option>
        {tags.value.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      {filter.tagId && (
        <span class="range" role="group" aria-label="How sure">
          <input type="range" aria-label="At least" min={0} max={1} step={0.01} value={range.low} aria-valuetext={percent(range.low)} onInput={(event) => low(Number(event.currentTarget.value))} />
          <input type="range" aria-label="At most" min={0} max={1} step={0.01} value={range.high} aria-valuetext={percent(range.high)} onInput={(event) => high(Number(event.currentTarget.value))} />
          {Math.round(range.low * 100)} – {percent(range.high)}
        </span>
      )}
    </>
  );
}

/** What the clients call themselves. */
function Application({ filter, show }: Given) {
  const [text, setText] = useState(filter.application);
  // Before the next letter is typed, which it would undo.
  useLayoutEffect(() => setText(filter.application), [filter.application]);
  useEffect(() => {
    if (text === filter.application) return;
    const timer = setTimeout(() => show({ application: text }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      class="application"
      type="search"
      placeholder="application"
      aria-label="Application"
      title="What the program that asked calls itself"
      maxLength={256}
      data-escape
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}
