// What is done to boxes by a pointer and by keys: which one is meant, and where it goes.

import type { KeyedBox } from "./changes";
import { area, between, clamp, contains, moved, near, overlap, resized, type Box, type Point } from "./geometry";
import type { Size } from "./zoom";

/** A box that a model saw, and how sure it is. */
export interface Suggested extends KeyedBox {
  probability: number;
}

/** As much as boxes of the same thing have in common. */
const ALIKE = 0.5;
const DIGITS = 1e6;
const MIDDLE = 0.25;
const BESIDE = 0.02;

/** Whether a point is on the frame of a box, give or take the reach. */
export function onFrame(box: Box, at: Point, reach: Point): boolean {
  const outer = { left: box.left - reach.x, top: box.top - reach.y, width: box.width + 2 * reach.x, height: box.height + 2 * reach.y };
  const inner = { left: box.left + reach.x, top: box.top + reach.y, width: box.width - 2 * reach.x, height: box.height - 2 * reach.y };
  return contains(outer, at) && !(inner.width > 0 && inner.height > 0 && contains(inner, at));
}

/** The key of the box whose frame is under a point: the smallest, or the next larger one than the chosen. */
export function frameUnder(boxes: readonly KeyedBox[], at: Point, reach: Point, chosen: string): string {
  const found = boxes.filter((box) => onFrame(box, at, reach)).sort((a, b) => area(a) - area(b));
  const place = found.findIndex(({ key }) => key === chosen);
  return found[(place + 1) % Math.max(found.length, 1)]?.key ?? "";
}

const ARROWS: Record<string, Point> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } };

/** What an arrow does to a box: alone it moves it by a pixel that is seen, with Shift by ten; with Alt it sizes it. */
export function arrowed(box: Box, pressed: string, picture: Size, shown: Size): Box {
  const arrow = ARROWS[pressed.split("+").at(-1)!];
  if (!arrow) return box;
  const pixels = pressed.includes("Shift") ? 10 : 1;
  const by = (side: "width" | "height") => pixels / Math.min(picture[side], shown[side]);
  const [dx, dy] = [arrow.x * by("width"), arrow.y * by("height")];
  if (!pressed.includes("Alt")) return moved(box, dx, dy);
  const least = { x: box.left + 1 / picture.width, y: box.top + 1 / picture.height };
  return resized(box, { x: 1, y: 1 }, { x: Math.max(box.left + box.width + dx, least.x), y: Math.max(box.top + box.height + dy, least.y) });
}

/** In as many digits as the service is asked to keep, and within the picture. */
export function rounded<Given extends Box>(box: Given): Given {
  const round = (value: number) => Math.round(value * DIGITS) / DIGITS;
  const [left, top] = [clamp(round(box.left)), clamp(round(box.top))];
  return { ...box, left, top, width: Math.min(round(box.width), 1 - left), height: Math.min(round(box.height), 1 - top) };
}

/** With one side at another value, as somebody types it. */
export function withSide(box: Box, side: keyof Box, value: number): Box {
  const least = 1 / DIGITS;
  if (side === "width") return { ...box, width: clamp(value, least, 1 - box.left) };
  if (side === "height") return { ...box, height: clamp(value, least, 1 - box.top) };
  return side === "left" ? moved(box, value - box.left, 0) : moved(box, 0, value - box.top);
}

export const inMiddle = (at: Point): Box => moved(between({ x: 0, y: 0 }, { x: MIDDLE, y: MIDDLE }), at.x - MIDDLE / 2, at.y - MIDDLE / 2);

/** A copy that can be told from it: a little to the right and below, or to the left and above where there is no room. */
export function beside(box: Box): Box {
  const by = (place: number, size: number) => (place + size + BESIDE <= 1 ? BESIDE : -BESIDE);
  return moved(box, by(box.left, box.width), by(box.top, box.height));
}

export const isTwin = (a: KeyedBox, b: KeyedBox) => a.tagId === b.tagId && near(a, b);

/** Those that would be no exact duplicate. */
export const fresh = (boxes: readonly KeyedBox[], there: readonly KeyedBox[]): KeyedBox[] =>
  boxes.filter((box, place) => ![...there, ...boxes.slice(0, place)].some((each) => isTwin(each, box)));

/** Suggestions that are as sure as wanted; of those that lie on each other the surest, and none where a box is already. */
export function open(suggested: readonly Suggested[], boxes: readonly KeyedBox[], least: number): Suggested[] {
  const kept: Suggested[] = [];
  const isFree = (each: Suggested) => ![...boxes, ...kept].some((box) => overlap(box, each) > ALIKE);
  for (const each of suggested) if (each.probability >= least && isFree(each)) kept.push(each);
  return kept;
}

/** The proposal that a pointer on open ground means: the smallest that has it in its inner half and nothing drawn on it. */
export function proposed(proposals: readonly Box[], boxes: readonly Box[], at: Point): Box | null {
  const free = proposals.filter((each) => contains(inner(each), at) && !boxes.some((box) => overlap(box, each) > ALIKE));
  return free.sort((a, b) => area(a) - area(b))[0] ?? null;
}

const inner = (box: Box): Box => ({ left: box.left + box.width / 4, top: box.top + box.height / 4, width: box.width / 2, height: box.height / 2 });

const percent = (value: number) => `${Math.round(value * 100)} %`;

/** A box in words. */
export const said = (box: Box, number: number, tag: string) => `box ${number}, ${tag}, ${percent(box.left)} from the left, ${percent(box.top)} from the top`;
