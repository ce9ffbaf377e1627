// The boxes of a picture as a list: all that a pointer does to them can be done here by keys.

import { useEffect, useRef } from "preact/hooks";
import { withSide, type Suggested } from "../../model/editing";
import type { Box } from "../../model/geometry";
import type { KeyedBox } from "../../model/changes";
import { hint } from "../../model/keys";
import { counted } from "../../model/labelling";
import * as boxes from "../../state/boxes";
import { tagName } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { id, image } from "../../state/showing";
import { adviser, isLeftOut, least, seen } from "../../state/advice";
import { colourOf } from "../grid/picture";
import { Icon } from "../icon";
import { thresholdHint, useThreshold } from "../judged/threshold";
import { OneStop } from "../onestop";
import { percentOf } from "./layer";

export function BoxList() {
  const why = lacks(LABELERS);
  const all = boxes.boxes.value;
  return (
    <section aria-label="Boxes">
      <h2>
        Boxes <small>{all.length || ""}</small>
      </h2>
      {!all.length && <p class="faint">{image.value?.metadata?.["background"] === "true" ? "Nothing of interest is here." : `Drag over the picture, or click two corners; or press ${hint("draw")}, then ${hint("accept")}.`}</p>}
      <OneStop label="Boxes" main=".pick">
        <ul class="rows">
          {all.map((box, place) => (
            <Row key={box.key} box={box} number={place + 1} />
          ))}
        </ul>
      </OneStop>
      <p class="looks" role="status">
        {boxes.offered.value && (
          <>
            Looks like <b>{tagName(boxes.offered.value.tagId)}</b>, {percentOf(boxes.offered.value.probability)}: <kbd>{hint("accept")}</kbd> takes it
          </>
        )}
      </p>
      {boxes.chosenBox.value && <Sides box={boxes.chosenBox.value} />}
      <Suggestions />
      <div class="actions">
        <button disabled={!!why} title={why || "The boxes of the image before"} onClick={boxes.repeat}>
          <kbd>{hint("repeat")}</kbd> Repeat boxes
        </button>
        <button disabled={!!why || !boxes.chosenBox.value} title={why} onClick={boxes.duplicate}>
          <kbd>{hint("duplicate")}</kbd> Duplicate
        </button>
      </div>
    </section>
  );
}

function Row({ box, number }: { box: KeyedBox; number: number }) {
  const row = useRef<HTMLLIElement>(null);
  const isChosen = box.key === boxes.chosen.value;
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const name = `${tagName(box.tagId)} ${number}`;
  return (
    <li ref={row} class={isChosen ? "shown" : ""}>
      <button class="pick" aria-pressed={isChosen} onClick={() => pick(box.key)}>
        <i style={{ background: colourOf(box.tagId) }} />
        <span class="name">{tagName(box.tagId)} </span>
        <small>{number}</small>
      </button>
      <button class="quiet icon" disabled={!!lacks(LABELERS)} aria-label={`Delete ${name}`} title={lacks(LABELERS) || hint("delete")} onClick={() => boxes.remove(box.key)}>
        <Icon name="bin" />
      </button>
    </li>
  );
}

function pick(key: string): void {
  boxes.settle();
  boxes.chosen.value = key;
}

const SIDES: (keyof Box)[] = ["left", "top", "width", "height"];

/** In parts of the picture, as the service has them. */
function Sides({ box }: { box: KeyedBox }) {
  const { value: draft } = boxes.draft;
  const shown = draft?.key === box.key ? draft.box : box;
  const type = (side: keyof Box) => (event: Event) => {
    const { valueAsNumber } = event.currentTarget as HTMLInputElement;
    if (Number.isFinite(valueAsNumber)) boxes.edit((at) => withSide(at, side, valueAsNumber));
  };
  return (
    <fieldset class="sides" disabled={!!lacks(LABELERS)} title={lacks(LABELERS)}>
      <legend class="faint">The chosen box, in parts of the picture; arrows move it, with Alt they size it</legend>
      {SIDES.map((side) => (
        <label key={side}>
          {side}
          <input type="number" min="0" max="1" step="0.001" data-escape value={shown[side].toFixed(3)} onChange={type(side)} onBlur={boxes.settle} onKeyDown={leave} />
        </label>
      ))}
    </fieldset>
  );
}

const leave = (event: KeyboardEvent) => {
  if (event.key === "Escape") document.querySelector<HTMLElement>(".stage")?.focus();
};

const [LEAST, MOST] = [0.1, 0.9];

function Suggestions() {
  const all = boxes.suggested.value;
  const why = lacks(LABELERS);
  useThreshold(least.value, (value) => (least.value = Math.min(Math.max(value, LEAST), MOST)));
  if (!adviser.value && !seen(id.value).length) return <p class="faint">Train once, or draw boxes around what stands out, and boxes are suggested here.</p>;
  return (
    <>
      <div class="sure">
        <h3>Suggested {all.length > 0 && <small>{all.length}</small>}</h3>
        <input type="range" aria-label="Suggest boxes that are at least so sure" title={`At least ${percentOf(least.value)}`} min={LEAST} max={MOST} step="0.05" value={least.value} onInput={(event) => (least.value = event.currentTarget.valueAsNumber)} />
        <small>{percentOf(least.value)}</small>
      </div>
      <LessSure />
      <OneStop label="Suggested boxes" main=".pick">
        <ul class="rows">
          {all.map((box) => (
            <SuggestedRow key={box.key} box={box} />
          ))}
        </ul>
      </OneStop>
      {boxes.dashed.value.length > 0 && (
        <button class="primary" disabled={!!why} title={why} onClick={boxes.acceptAll}>
          Accept {boxes.dashed.value.length} <kbd>{hint("accept")}</kbd>
        </button>
      )}
    </>
  );
}

/** What is seen on the picture, but not so surely. */
function LessSure() {
  const hidden = seen(id.value).filter(({ boundingBox, probability }) => boundingBox && probability < least.value);
  const surest = hidden[0]?.probability ?? 0;
  if (!surest) return null;
  const lower = Math.max(Math.floor(surest * 20) / 20, LEAST);
  return (
    <>
      <p class="faint" role="status">
        {counted(hidden.length, "less sure box is", "less sure boxes are")} hidden, the surest at {percentOf(surest)}.
      </p>
      {surest >= LEAST && (
        <button title={thresholdHint()} onClick={() => (least.value = lower)}>
          Show from {percentOf(lower)} on
        </button>
      )}
    </>
  );
}

function SuggestedRow({ box }: { box: Suggested }) {
  const why = lacks(LABELERS);
  const name = tagName(box.tagId);
  const out = isLeftOut(id.value, box.key);
  return (
    <li class={`${box.key === boxes.chosen.value ? "shown" : ""}${out ? " out" : ""}`}>
      <button class="pick" disabled={out} aria-pressed={box.key === boxes.chosen.value} onClick={() => pick(box.key)}>
        <i class="dashed" style={{ borderColor: colourOf(box.tagId) }} />
        <span class="name">{name} </span>
        <small>{percentOf(box.probability)}</small>
      </button>
      <button class="quiet icon" disabled={!!why || out} aria-label={`Accept ${name}`} title={why || "Accept this one"} onClick={() => boxes.accept(box.key)}>
        <Icon name="check" />
      </button>
      <button class="quiet icon" aria-label={out ? `Take ${name} back in` : `Leave ${name} out`} aria-pressed={out} title={hint("reject")} onClick={() => boxes.reject(box.key)}>
        ✕
      </button>
    </li>
  );
}
