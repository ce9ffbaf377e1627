// What a pointer does to a picture: it draws, chooses, moves and sizes boxes, pulls the picture, and zooms.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { frameUnder, onFrame, proposed } from "../../model/editing";
import { between, contains, HANDLES, moved, resized, scaled, under, type Box, type Handle, type Point } from "../../model/geometry";
import * as boxes from "../../state/boxes";
import { isDetector, tagOf } from "../../state/project";
import { preferences } from "../../state/preferences";
import { LABELERS, may } from "../../state/session";
import { id } from "../../state/showing";
import { proposalsFor } from "../../state/advice";
import { panBy, reach, toPicture, zoomBy } from "../../state/zoom";
import { askForTag } from "../tags/tagname";
import { besideBox } from "./beside";

type Gesture =
  | { kind: "pan" }
  | { kind: "draw"; from: Point }
  | { kind: "move"; key: string; box: Box; from: Point; next: string }
  | { kind: "size"; key: string; box: Box; handle: Handle };

/** Pixels that a press moves before it is a drag; what is smaller on the screen is no box. */
const DRAG = 4;
const FRAME = 6;
const FRAME_TOUCH = 14;
const REST_MS = 150;
const WHEEL = 0.0015;
const PINCH = 0.01;
const WHOLE: Box = { left: 0, top: 0, width: 1, height: 1 };

/** Where the pointer is, of the picture; null where it is elsewhere. */
export const pointer = signal<Point | null>(null);
/** What stands out where the pointer rests: a click takes it. */
export const proposal = signal<Box | null>(null);
/** Space is held: a drag pulls the picture. `pulled` says that it did. */
export const space = { held: false, pulled: false };

interface Hand {
  gesture: Gesture | null;
  /** The last place and the first one, in pixels of the frame. */
  at: Point;
  pressed: Point;
  dragging: boolean;
  /** What `cancelled` was when it began. */
  begun: number;
  fingers: Map<number, Point>;
  penSeen: boolean;
  rest: number;
}

export function usePointing(pane: RefObject<HTMLDivElement | null>) {
  const hand = useRef<Hand>({ gesture: null, at: { x: 0, y: 0 }, pressed: { x: 0, y: 0 }, dragging: false, begun: 0, fingers: new Map(), penSeen: false, rest: 0 }).current;
  const placeOf = (event: MouseEvent): Point => {
    const frame = pane.current!.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  useEffect(() => () => clearTimeout(hand.rest), []);
  const onPointerDown = (event: PointerEvent) => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    hand.at = hand.pressed = placeOf(event);
    hand.dragging = false;
    press(hand, event);
    hand.begun = boxes.cancelled.value;
    if (hand.gesture) pane.current!.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => drag(hand, event, placeOf(event));
  const onPointerUp = (event: PointerEvent) => {
    hand.fingers.delete(event.pointerId);
    release(hand, placeOf(event));
  };
  const onPointerCancel = (event: PointerEvent) => {
    hand.fingers.delete(event.pointerId);
    hand.gesture = null;
    boxes.cancel();
  };
  const onPointerLeave = () => {
    if (!hand.gesture) pointer.value = proposal.value = null;
    clearTimeout(hand.rest);
  };
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? PINCH : WHEEL)), placeOf(event));
  };
  return { onPointerDown, onPointerMove, onPointerUp, onPointerCancel, onPointerLeave, onWheel };
}

function press(hand: Hand, event: PointerEvent): void {
  const touch = event.pointerType === "touch";
  hand.penSeen ||= event.pointerType === "pen";
  boxes.settle();
  boxes.placing.value = false;
  if (touch) hand.fingers.set(event.pointerId, hand.at);
  if (hand.fingers.size > 1) {
    boxes.cancel();
    hand.gesture = null;
    return;
  }
  const pulls = event.button === 1 || space.held || (touch && hand.penSeen) || !isDetector.value || !may(LABELERS);
  if (event.button > 1) hand.gesture = null;
  else hand.gesture = pulls ? { kind: "pan" } : meant(hand, event);
  if (event.button === 1) event.preventDefault();
}

/** What a press means: a handle, a box, or a new one. */
function meant(hand: Hand, event: PointerEvent): Gesture | null {
  const at = toPicture(hand.at);
  const target = event.target instanceof Element ? event.target : null;
  const handle = HANDLES[Number(target?.closest<HTMLElement>("[data-handle]")?.dataset["handle"] ?? -1)];
  const { value: chosen } = boxes.chosenBox;
  if (handle && chosen) return { kind: "size", key: chosen.key, box: chosen, handle };
  const grasped = boxes.corner.value ? null : grasp(at, target, event.pointerType === "touch" ? FRAME_TOUCH : FRAME);
  if (grasped) {
    boxes.chosen.value = grasped.held;
    return { kind: "move", key: grasped.held, box: boxes.find(grasped.held)!, from: at, next: grasped.next };
  }
  if (boxes.mode.value === "draw") return { kind: "draw", from: boxes.corner.value ?? at };
  boxes.chosen.value = "";
  return null;
}

/** A drag moves the box that is held; a click chooses the next one under it. */
function grasp(at: Point, target: Element | null, pixels: number): { held: string; next: string } | null {
  const label = target?.closest<HTMLElement>("[data-box]")?.dataset["box"];
  if (label && boxes.find(label)) return { held: label, next: label };
  const { value: chosen } = boxes.chosenBox;
  const next = boxes.hidden.value ? "" : keyUnder(at, pixels, chosen?.key ?? "");
  if (!next) return null;
  const isHeld = chosen && (onFrame(chosen, at, reach(pixels)) || (boxes.mode.value === "choose" && contains(chosen, at)));
  return { held: isHeld ? chosen.key : next, next };
}

/** By its frame; where boxes are chosen, by what is within as well, of which the smallest comes first. */
function keyUnder(at: Point, pixels: number, chosen: string): string {
  const framed = frameUnder([...boxes.boxes.value, ...boxes.dashed.value], at, reach(pixels), chosen);
  if (framed || boxes.mode.value === "draw") return framed;
  const all = boxes.boxes.value;
  return all[under(all, at, all.findIndex(({ key }) => key === chosen))]?.key ?? "";
}

function drag(hand: Hand, event: PointerEvent, at: Point): void {
  const by = { x: at.x - hand.at.x, y: at.y - hand.at.y };
  if (hand.fingers.has(event.pointerId) && hand.fingers.size > 1) return pinch(hand, event, at);
  hand.at = at;
  if (hand.begun !== boxes.cancelled.value) hand.gesture = null;
  const { gesture } = hand;
  if (gesture && Math.hypot(at.x - hand.pressed.x, at.y - hand.pressed.y) > DRAG) hand.dragging = true;
  if (gesture?.kind === "pan") {
    space.pulled = hand.dragging;
    return panBy(by.x, by.y);
  }
  pointer.value = isDetector.value && event.pointerType !== "touch" ? toPicture(at) : null;
  const box = gesture ? boxOf(gesture, toPicture(at), event.shiftKey, hand.dragging) : following(at);
  if (box) boxes.draft.value = { imageId: id.value, tagId: tagOfDraft(gesture), key: gesture && gesture.kind !== "draw" ? gesture.key : "", box };
  propose(hand, !gesture && !box);
}

const tagOfDraft = (gesture: Gesture | null) => (gesture && "key" in gesture ? boxes.find(gesture.key)?.tagId : undefined) ?? boxes.nextTag.value;
/** From the first of two clicks to the pointer. */
const following = (at: Point) => (boxes.corner.value ? between(boxes.corner.value, toPicture(at)) : null);

function boxOf(gesture: Gesture, at: Point, keepsShape: boolean, dragging: boolean): Box | null {
  if (gesture.kind === "draw") return dragging || boxes.corner.value ? between(gesture.from, at) : null;
  if (!dragging || gesture.kind === "pan") return null;
  if (gesture.kind === "move") return moved(gesture.box, at.x - gesture.from.x, at.y - gesture.from.y);
  return (keepsShape ? scaled : resized)(gesture.box, gesture.handle, at);
}

/** Two fingers zoom around their middle, and pull. */
function pinch(hand: Hand, event: PointerEvent, at: Point): void {
  const [before, other] = [hand.fingers.get(event.pointerId)!, [...hand.fingers].find(([finger]) => finger !== event.pointerId)![1]];
  const [was, is] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(at.x - other.x, at.y - other.y)];
  hand.fingers.set(event.pointerId, at);
  panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
  if (was > 0) zoomBy(is / was, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
}

function release(hand: Hand, at: Point): void {
  const { gesture, dragging } = hand;
  hand.gesture = null;
  if (hand.begun !== boxes.cancelled.value) return;
  hand.dragging = false;
  if (gesture?.kind === "draw") return drawn(gesture.from, toPicture(at), dragging);
  if (gesture?.kind !== "move" && gesture?.kind !== "size") return;
  const { value: draft } = boxes.draft;
  boxes.draft.value = null;
  if (dragging && draft?.key) boxes.change(draft.key, draft.box);
  else if (gesture.kind === "move") boxes.chosen.value = gesture.next;
}

/** A drag ends a box, and so does the second of two clicks. A click on what was proposed takes it. */
function drawn(from: Point, to: Point, dragging: boolean): void {
  const second = boxes.corner.value !== null;
  const { value: offered } = proposal;
  boxes.cancel();
  proposal.value = null;
  if (dragging || second) return finish(between(from, to));
  if (offered) return finish(offered);
  boxes.chosen.value = "";
  if (contains(WHOLE, to)) boxes.corner.value = to;
}

function finish(box: Box): void {
  const least = reach(DRAG);
  if (box.width >= least.x && box.height >= least.y) newBox(box);
}

/** In a project without tags the first box asks for one. */
export function newBox(box: Box): void {
  const { value: tagId } = boxes.nextTag;
  if (tagOf(tagId)) return boxes.draw(box, tagId);
  boxes.draft.value = { imageId: id.value, key: "", box, tagId: "" };
  askForTag((tag) => boxes.draw(box, tag.id), { place: besideBox(box), onEnd: () => void (boxes.draft.value = null) });
}

/** Only where the pointer rests, so that it does not flicker. */
function propose(hand: Hand, idle: boolean): void {
  clearTimeout(hand.rest);
  const { value: at } = pointer;
  const wanted = idle && at && boxes.mode.value === "draw" && preferences.value.proposals && may(LABELERS);
  if (!wanted) return void (proposal.value = null);
  const found = () => proposed(proposalsFor(id.value), boxes.boxes.value, at);
  if (proposal.value && found() !== proposal.value) proposal.value = null;
  hand.rest = window.setTimeout(() => (proposal.value = found()), REST_MS);
}
