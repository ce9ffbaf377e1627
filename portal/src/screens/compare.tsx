// Two iterations beside each other: what the second does better and worse, and on which images.

import { useEffect, useState } from "preact/hooks";
import { readPair, writePair, type Pair } from "../model/comparing";
import { Deltas } from "../parts/compare/deltas";
import { Strip } from "../parts/compare/strip";
import { useThreshold } from "../parts/judged/threshold";
import { useBeginning } from "../parts/keyboard";
import { Empty, EmptyScreen, Fault, Waiting } from "../parts/states";
import { compare, comparison, fault, isOf } from "../state/comparing";
import { trained } from "../state/performance";
import { project } from "../state/project";
import { pathOf, search, setSearch } from "../state/route";
import "../parts/card.css";
import "../parts/compare/compare.css";

export function Compare() {
  const id = project.value!.id;
  const [newest, before] = trained.value;
  if (!newest || !before) {
    return (
      <EmptyScreen title="Two trained iterations can be compared">
        <a class="button primary" href={pathOf(id, "train")}>
          Train
        </a>
      </EmptyScreen>
    );
  }
  const asked = readPair(search.value);
  const pair = { ...asked, a: asked.a || before.id, b: asked.b || newest.id };
  return <Compared id={id} pair={pair} />;
}

const REST_MS = 200;

function Compared({ id, pair }: { id: string; pair: Pair }) {
  const [limit, setLimit] = useState(pair.threshold);
  const wanted = { ...pair, threshold: limit };
  const key = writePair(wanted);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (key !== search.peek()) setSearch(key);
      void compare(wanted);
    }, comparison.peek() ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [key]);
  useThreshold(limit, setLimit);
  const change = (changes: Partial<Pair>) => setSearch(writePair({ ...wanted, ...changes }));
  return (
    <div class="compare">
      <header>
        <h2 class="unseen" {...useBeginning<HTMLHeadingElement>()}>
          Compare two iterations
        </h2>
        <Choice label="Compare" value={pair.a} onChange={(a) => change({ a })} />
        <Choice label="with" value={pair.b} onChange={(b) => change({ b })} />
        <button class="quiet" onClick={() => change({ a: pair.b, b: pair.a })}>
          Swap
        </button>
        <span class="grow" />
        <label title="They say what is at least so probable">
          Threshold
          <input type="range" min={0} max={1} step={0.01} value={limit} aria-valuetext={limit.toFixed(2)} onInput={(event) => setLimit(Number(event.currentTarget.value))} />
          <b>{limit.toFixed(2)}</b>
        </label>
      </header>
      <Found id={id} pair={wanted} />
    </div>
  );
}

function Choice({ label, value, onChange }: { label: string; value: string; onChange: (id: string) => void }) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {trained.value.map(({ id, name, publishName }) => (
          <option key={id} value={id}>
            {name}
            {publishName ? ` (${publishName})` : ""}
          </option>
        ))}
      </select>
    </label>
  );
}

const nameOf = (id: string) => trained.value.find((iteration) => iteration.id === id)?.name ?? "an iteration";

function Found({ id, pair }: { id: string; pair: Pair }) {
  if (fault.value) return <Fault fault={fault.value} again={() => void compare(pair)} />;
  if (!comparison.value) return <Waiting />;
  const { images, a, b, tags, fixed, broken, fixedImages, brokenImages } = comparison.value.found;
  if (!images) return <Empty title="No image was kept back to judge both by" />;
  const name = nameOf(comparison.value.pair.b);
  return (
    <>
      <p class="faint" role="status">
        By {images.toLocaleString()} {images === 1 ? "image that" : "images that"} both were judged by, with the labels that {name} was judged by.
      </p>
      <div class={isOf(pair) ? "pair" : "pair stale"} aria-busy={!isOf(pair)}>
        <Strip title={`${name} broke ${broken.toLocaleString()}`} none="It is wrong about nothing that the other was right about." projectId={id} count={broken} images={brokenImages} />
        <Strip title={`${name} fixed ${fixed.toLocaleString()}`} none="It is right about nothing that the other was wrong about." projectId={id} count={fixed} images={fixedImages} />
      </div>
      <Deltas a={a} b={b} tags={tags} />
    </>
  );
}
