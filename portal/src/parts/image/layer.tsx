// The boxes over a picture: frames in one drawing, names and handles above it. What a hand moves is drawn apart.

import { computed } from "@preact/signals";
import type { KeyedBox } from "../../model/changes";
import { said, type Suggested } from "../../model/editing";
import { HANDLES, type Box } from "../../model/geometry";
import * as boxes from "../../state/boxes";
import { tagName } from "../../state/project";
import { LABELERS, may } from "../../state/session";
import { colourOf } from "../grid/picture";
import { pointer, proposal } from "./pointing";

export function BoxLayer() {
  return (
    <>
      <Frames />
      <Labels />
      <Held />
      <Proposal />
      <Crosshair />
    </>
  );
}

/** The box that a hand holds is left out here, so that all others stay as they are while it moves. */
const heldKey = computed(() => boxes.draft.value?.key ?? "");
const still = computed(() => boxes.boxes.value.filter(({ key }) => key !== heldKey.value));
const seen = computed(() => boxes.dashed.value.filter(({ key }) => key !== heldKey.value));

function Frames() {
  return (
    <svg class="frames" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      {seen.value.map((box) => (
        <Frame key={box.key} box={box} tagId={box.tagId} kind="seen" />
      ))}
      {still.value.map((box) => (
        <Frame key={box.key} box={box} tagId={box.tagId} kind={box.key === boxes.chosen.value ? "chosen" : ""} />
      ))}
    </svg>
  );
}

/** A dark stroke under one in the tag's colour is seen on any picture. */
function Frame({ box, tagId, kind }: { box: Box; tagId: string; kind: string }) {
  const sides = { x: box.left, y: box.top, width: box.width, height: box.height };
  const colour = colourOf(tagId);
  return (
    <g class={kind}>
      <rect class="under" {...sides} />
      <rect class="over" {...sides} style={{ stroke: colour, fill: colour }} />
    </g>
  );
}

const percent = (value: number) => `${value * 100}%`;
/** Names that would lie beyond the picture's upper side go below it. */
const TOP = 0.03;

function Labels() {
  const { value: chosen } = boxes.chosen;
  return (
    <>
      {boxes.boxes.value.map((box, place) => (
        <Label key={box.key} box={box} name={said(box, place + 1, tagName(box.tagId))} isChosen={box.key === chosen} isHeld={box.key === heldKey.value} />
      ))}
      {boxes.dashed.value.map((box, place) => (
        <Label key={box.key} box={box} name={`suggested ${said(box, place + 1, `${tagName(box.tagId)} ${percentOf(box.probability)}`)}`} isChosen={box.key === chosen} isHeld={box.key === heldKey.value} />
      ))}
    </>
  );
}

interface LabelProps {
  box: KeyedBox | Suggested;
  name: string;
  isChosen: boolean;
  isHeld: boolean;
}

function Label({ box, name, isChosen, isHeld }: LabelProps) {
  const sure = "probability" in box ? box.probability : null;
  const classes = ["label", isChosen ? "chosen" : "", sure === null ? "" : "seen", box.top < TOP ? "below" : "", isHeld ? "held" : ""];
  return (
    <div
      id={`box-${box.key}`}
      class={classes.filter(Boolean).join(" ")}
      role="option"
      data-box={box.key}
      aria-selected={isChosen}
      aria-label={name}
      style={{ left: percent(box.left), top: percent(box.top), "--tag": colourOf(box.tagId) }}
    >
      <i />
      <span>{tagName(box.tagId)}</span>
      {sure !== null && <b> {percentOf(sure)}</b>}
      {boxes.offered.value?.key === box.key && <em data-looks={`${tagName(boxes.offered.value.tagId)}?`} />}
    </div>
  );
}

export const percentOf = (probability: number) => `${Math.round(probability * 100)} %`;

/** The box under the hand, and the handles of the chosen one. */
function Held() {
  const { value: draft } = boxes.draft;
  const { value: chosen } = boxes.chosenBox;
  const box = draft?.box ?? chosen;
  if (!box) return null;
  return (
    <>
      {draft && (
        <svg class="frames" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <Frame box={draft.box} tagId={draft.tagId} kind="chosen" />
        </svg>
      )}
      {(!draft || draft.key) && may(LABELERS) && <Handles box={box} />}
    </>
  );
}

const CURSORS = ["nwse", "ns", "nesw", "ew", "nwse", "ns", "nesw", "ew"];

function Handles({ box }: { box: Box }) {
  return (
    <div class="handles" role="presentation" style={{ left: percent(box.left), top: percent(box.top), width: percent(box.width), height: percent(box.height) }}>
      {HANDLES.map(({ x, y }, place) => (
        <i key={place} data-handle={place} style={{ left: percent((x + 1) / 2), top: percent((y + 1) / 2), cursor: `${CURSORS[place]}-resize` }} />
      ))}
    </div>
  );
}

function Proposal() {
  const { value: box } = proposal;
  if (!box) return null;
  return <div class="proposal" role="presentation" style={{ left: percent(box.left), top: percent(box.top), width: percent(box.width), height: percent(box.height) }} />;
}

function Crosshair() {
  const { value: at } = pointer;
  if (!at || boxes.mode.value !== "draw" || !may(LABELERS)) return null;
  return (
    <>
      <div class="cross across" role="presentation" style={{ top: percent(at.y) }} />
      <div class="cross down" role="presentation" style={{ left: percent(at.x) }} />
    </>
  );
}
