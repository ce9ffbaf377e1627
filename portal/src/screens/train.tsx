// Training: what keeps the project from it, how it is done, how far it is.

import { computed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api/send";
import { hint } from "../model/keys";
import { counted } from "../model/labelling";
import { lacking, lasting, obstacle, took } from "../model/training";
import { useFocus, useKeys } from "../parts/keyboard";
import { EmptyScreen } from "../parts/states";
import { Last } from "../parts/train/last";
import { Readiness } from "../parts/train/readiness";
import { Underway } from "../parts/train/underway";
import { train } from "../state/iterating";
import { ordered } from "../state/performance";
import { counts, isDetector, project, tags } from "../state/project";
import { pathOf } from "../state/route";
import { TRAINERS, lacks, limits } from "../state/session";
import { underway } from "../state/training";
import "../parts/card.css";
import "../parts/train/train.css";

const least = computed(() => (isDetector.value ? limits.value?.imagesPerTagDetection : limits.value?.imagesPerTag) ?? 1);

export function Train() {
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set());
  const leave = (ids: readonly string[], out: boolean) => setLeftOut(new Set(out ? [...leftOut, ...ids] : [...leftOut].filter((id) => !ids.includes(id))));
  const id = project.value!.id;
  if (!counts.value?.All) return <NoPictures id={id} />;
  return (
    <div class="train">
      {underway.value.map((iteration) => (
        <Underway key={iteration.id} iteration={iteration} />
      ))}
      {!underway.value.length && <Last iteration={ordered.value[0]} />}
      <div class="columns">
        <section class="card" aria-label="What there is to learn from">
          <h2>What there is to learn from</h2>
          {tags.value.length ? (
            <Readiness projectId={id} tags={tags.value} least={least.value} leftOut={leftOut} onLeave={leave} />
          ) : (
            <p>
              No image has a tag yet. <a href={`${pathOf(id, "images")}?status=Untagged`}>Label some</a>
            </p>
          )}
          <Untagged id={id} />
        </section>
        <Begin leftOut={leftOut} />
      </div>
    </div>
  );
}

function NoPictures({ id }: { id: string }) {
  return (
    <EmptyScreen title="There is nothing to train on yet">
      <p class="faint">Add pictures, and say what is on them.</p>
      <a class="button primary" href={pathOf(id, "images")}>
        Add images
      </a>
    </EmptyScreen>
  );
}

function Untagged({ id }: { id: string }) {
  const untagged = counts.value?.Untagged ?? 0;
  if (!untagged) return null;
  return (
    <p class="faint">
      {untagged.toLocaleString()} {untagged === 1 ? "image is" : "images are"} untagged, and nothing is learnt from {untagged === 1 ? "it" : "them"}.{" "}
      <a href={`${pathOf(id, "images")}?status=Untagged`}>Label {untagged === 1 ? "it" : "them"}</a>
    </p>
  );
}

/** Why it can't be trained now; empty where it can. */
function reason(leftOut: ReadonlySet<string>): string {
  const chosen = tags.value.filter(({ id }) => !leftOut.has(id));
  const needs = { detector: isDetector.value, least: least.value };
  const few = lacking(chosen, needs);
  if (lacks(TRAINERS)) return lacks(TRAINERS);
  if (underway.value.length) return `${underway.value[0]!.name} is in training. Wait until it has ended, or cancel it.`;
  if (obstacle(chosen, needs)) return obstacle(chosen, needs);
  if (!few.length) return "";
  const named = few.slice(0, 3).map(({ tag, missing }) => `${tag.name} needs ${missing} more`);
  return `${named.join(", ")}${few.length > 3 ? ` and ${counted(few.length - 3, "more tag")}` : ""}. Label more, or leave out what has too few.`;
}

function Begin({ leftOut }: { leftOut: ReadonlySet<string> }) {
  const [advanced, setAdvanced] = useState(false);
  const [hours, setHours] = useState(1);
  const { busy, fault, unchanged, start } = useStart();
  const button = useRef<HTMLButtonElement>(null);
  const why = reason(leftOut);
  const chosen = tags.value.filter(({ id }) => !leftOut.has(id));
  const begin = () => {
    if (why || busy) return false;
    const tagIds = leftOut.size ? chosen.map(({ id }) => id) : [];
    void start({ type: advanced ? "Advanced" : "Regular", hours, tagIds, again: unchanged });
    return true;
  };
  useKeys("grid", { accept: begin });
  useEffect(() => button.current?.focus({ preventScroll: true }), []);
  // What had it may have gone with the training.
  useFocus(button, underway.value.length);
  const submit = (event: Event) => {
    event.preventDefault();
    begin();
  };
  return (
    <form class="card begin" aria-label="Train" onSubmit={submit}>
      <h2>Train a model</h2>
      <Kinds advanced={advanced} setAdvanced={setAdvanced} hours={hours} setHours={setHours} />
      <p>
        {chosen.length < tags.value.length && `${chosen.length} of `}
        {counted(tags.value.length, "tag")}
        {leftOut.size > 0 && <small> · choose them on the left</small>}
      </p>
      {fault && (
        <p class="refusal" role="alert">
          {fault}
        </p>
      )}
      {why && <p class="keeps">{why}</p>}
      {/* One that is disabled would lose the focus as soon as the training begins. */}
      <button ref={button} class="primary large" aria-disabled={busy || !!why} title={why || hint("accept")}>
        {unchanged ? "Train anyway" : "Train"} <kbd>{hint("accept")}</kbd>
      </button>
    </form>
  );
}

function useStart() {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const [unchanged, setUnchanged] = useState(false);
  const start = async (wanted: Parameters<typeof train>[0]) => {
    setBusy(true);
    setFault("");
    await train(wanted).then(
      () => setUnchanged(false),
      (refused) => {
        setUnchanged(refused instanceof Refused && /TrainingNotNeeded/.test(refused.code));
        setFault(told(refused));
      },
    );
    setBusy(false);
  };
  return { busy, fault, unchanged, start };
}

/** The service speaks of its parameters, which the page has a button for. */
function told(refused: unknown): string {
  if (refused instanceof Refused && /TrainingNotNeeded/.test(refused.code)) return "Nothing has changed since the last training.";
  return refused instanceof Error ? refused.message : String(refused);
}

interface KindsProps {
  advanced: boolean;
  setAdvanced: (advanced: boolean) => void;
  hours: number;
  setHours: (hours: number) => void;
}

function Kinds({ advanced, setAdvanced, hours, setHours }: KindsProps) {
  const last = ordered.value.find(({ status, trainingType }) => status === "Completed" && trainingType === "Regular");
  const most = limits.value?.trainingBudgetHours ?? 24;
  return (
    <fieldset class="kinds">
      <legend>How</legend>
      <label>
        <input type="radio" name="how" checked={!advanced} onChange={() => setAdvanced(false)} />
        <span>
          <b>Quick</b>
          <small>{last?.trainingTimeInMinutes ? `The last one took ${lasting(took(last))}.` : "Seconds to some minutes. Begin with it."}</small>
        </span>
      </label>
      <label>
        <input type="radio" name="how" checked={advanced} onChange={() => setAdvanced(true)} />
        <span>
          <b>Advanced</b>
          <small>{isDetector.value ? "Tries for hours, and ends when that no longer helps." : "Tries larger networks, and takes the one that is best for images held out."}</small>
        </span>
      </label>
      {advanced && (
        <label class="hours">
          <span>At most</span>
          <input type="number" aria-label="Hours" min={1} max={most} step={1} required value={hours} onInput={(event) => setHours(Number(event.currentTarget.value))} />
          <span>hours, up to {most}</span>
        </label>
      )}
    </fieldset>
  );
}
