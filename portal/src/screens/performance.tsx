// How good an iteration is, what it confuses, with the images of it; and what is done with it.

import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Iteration } from "../api/client";
import { hint } from "../model/keys";
import { percent, readLook, writeLook, type Cell, type Look } from "../model/judging";
import { lasting, shortTime, took } from "../model/training";
import { useBeginning } from "../parts/keyboard";
import { Actions, useDoing } from "../parts/performance/actions";
import { CellImages, CellLabelling } from "../parts/performance/cellimages";
import { CurveChart } from "../parts/performance/curve";
import { Figures } from "../parts/performance/figures";
import { IterationList } from "../parts/performance/iterationlist";
import { Matrix } from "../parts/performance/matrix";
import { ImportModel, Moved, Pasts, Unjudged } from "../parts/performance/moving";
import { PublishedNames } from "../parts/performance/published";
import { TagTable } from "../parts/performance/tagtable";
import { EmptyScreen, Fault, Waiting } from "../parts/states";
import { counted, countFault, fault, judge, judged, judgings, count, keyOf, ordered, overlap, threshold, trained } from "../state/performance";
import { isUnjudged } from "../state/moving";
import { isDetector, project } from "../state/project";
import { pathOf, route, search, setSearch } from "../state/route";
import { returns } from "../state/silence";
import { underway } from "../state/training";
import "../parts/card.css";
import "../parts/performance/performance.css";

export function Performance() {
  const [wanted] = route.value.rest;
  const iteration = wanted ? ordered.value.find(({ id }) => id === wanted) : trained.value[0];
  const id = project.value!.id;
  if (!iteration) return wanted ? <Fault fault={new Error("There is no such iteration. It may have been deleted.")} /> : <NoneYet id={id} />;
  return <Shown key={iteration.id} iteration={iteration} />;
}

function NoneYet({ id }: { id: string }) {
  const [going] = underway.value;
  return (
    <EmptyScreen title={going ? `${going.name} is in training` : "No iteration is trained yet"}>
      <p class="faint">{going ? "How good it is shows here as soon as it is trained." : "Train one, and see here how good it is and what it confuses."}</p>
      <a class="button primary" href={pathOf(id, "train")} title={hint("train")}>
        {going ? "See how far it is" : "Train"}
      </a>
      <ImportModel />
    </EmptyScreen>
  );
}

function Shown({ iteration }: { iteration: Iteration }) {
  const [doing, setDoing] = useDoing();
  const { look, change } = useLook();
  const query = writeLook({ ...look, cell: null, tag: "" });
  return (
    <div class="performance">
      <aside>
        <IterationList shown={iteration.id} query={query} />
        <PublishedNames onAddress={(address) => setDoing({ address })} />
        <Pasts />
      </aside>
      <div class="judgement">
        <header>
          <h2 {...useBeginning<HTMLHeadingElement>()}>{iteration.name}</h2>
          {iteration.publishName && <span class="live">{iteration.publishName}</span>}
          <small>{facts(iteration)}</small>
          <span class="grow" />
          <Actions iteration={iteration} doing={doing} setDoing={setDoing} />
        </header>
        <Doubt iteration={iteration} />
        <Moved iteration={iteration} />
        {iteration.status === "Completed" ? <Judgement iteration={iteration} look={look} change={change} /> : <p class="faint">It is {iteration.status === "Training" ? "in training" : "not trained"}.</p>}
      </div>
      {iteration.status === "Completed" && <Following iterationId={iteration.id} />}
    </div>
  );
}

function facts(iteration: Iteration): string {
  const { trainedAt, trainingType, trainingTimeInMinutes } = iteration;
  const long = trainingTimeInMinutes ? `in ${lasting(took(iteration))}` : "";
  return [trainedAt ? `trained ${shortTime(trainedAt)}` : "", trainingType === "Advanced" ? "advanced" : "", long].filter(Boolean).join(" · ");
}

function Doubt({ iteration: { rightAtLeast, rightAtMost } }: { iteration: Iteration }) {
  if (rightAtLeast === undefined || rightAtMost === undefined) return null;
  return (
    <p class="faint">
      Right about at least {percent(rightAtLeast, 0)} of images: those of a tag look alike, and where look-alikes are not kept apart it is {percent(rightAtMost, 0)}. More scenes of each tag would tell.
    </p>
  );
}

interface JudgementProps {
  iteration: Iteration;
  look: Look;
  change: (changes: Partial<Look>) => void;
}

function Judgement({ iteration, look, change }: JudgementProps) {
  const iterationId = iteration.id;
  const shown = judged.value?.iterationId === iterationId ? judged.value.curves : null;
  const again = () => void judgings.value++;
  if (fault.value && !shown) return iteration.importedFrom && isUnjudged(fault.value) ? <Unjudged iteration={iteration} again={again} /> : <Fault fault={fault.value} again={again} />;
  if (!shown) return <Waiting />;
  const onCell = (cell: Cell) => change({ cell });
  const onTag = (tag: string) => change({ tag, cell: tag ? { truth: tag, wrong: true } : null });
  return (
    <>
      <Figures curves={shown} detector={isDetector.value} />
      {!iteration.importedFrom && <p class="faint">Judged by images that were held out while it learned, with the labels that they had then.</p>}
      <div class="charts">
        <CurveChart curves={shown} tagId={look.tag} />
        <Confused iterationId={iterationId} cell={look.cell} onCell={onCell} />
      </div>
      {look.cell && <CellImages iterationId={iterationId} cell={look.cell} onClose={() => change({ cell: null, tag: "" })} />}
      <TagTable curves={shown} tagId={look.tag} onTag={onTag} />
      <CellLabelling />
    </>
  );
}

function Confused({ iterationId, cell, onCell }: { iterationId: string; cell: Cell | null; onCell: (cell: Cell) => void }) {
  const found = counted.value;
  if (!found?.key.startsWith(iterationId))
    return countFault.value ? <Fault fault={countFault.value} again={() => void judgings.value++} /> : <section class="card confusion" aria-busy="true" />;
  return <Matrix confusions={found.confusions} stale={found.key !== keyOf(iterationId, threshold.value, overlap.value)} cell={cell} onCell={onCell} />;
}

const REST_MS = 150;
const WRITTEN_MS = 300;

/** Asks anew where a slider rests, and where the service is back. */
function Following({ iterationId }: { iterationId: string }) {
  const first = useRef(true);
  useSignalEffect(() => {
    const [limit, part] = [threshold.value, overlap.value, returns.value, judgings.value];
    const ask = () => {
      void judge(iterationId, part);
      void count(iterationId, limit, part);
    };
    const timer = setTimeout(ask, first.current ? 0 : REST_MS);
    first.current = false;
    return () => clearTimeout(timer);
  });
  return null;
}

/** What the address says, and the sliders with it: they move at once, and are written down where they rest. */
function useLook() {
  const look = readLook(search.value);
  const written = useRef("");
  useEffect(() => {
    if (search.value === written.current) return;
    threshold.value = look.threshold;
    overlap.value = look.overlap;
  }, [search.value]);
  const write = (changes: Partial<Look>) => {
    written.current = writeLook({ ...readLook(search.peek()), threshold: threshold.peek(), overlap: overlap.peek(), ...changes });
    if (written.current !== search.peek()) setSearch(written.current);
  };
  useSignalEffect(() => {
    const sliders = { threshold: threshold.value, overlap: overlap.value };
    const timer = setTimeout(() => write(sliders), WRITTEN_MS);
    return () => clearTimeout(timer);
  });
  return { look, change: write };
}
