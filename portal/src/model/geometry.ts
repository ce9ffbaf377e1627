// Boxes in the API's own coordinates: fractions of the picture, from 0 to 1. Nothing here knows of the page.

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** A handle by the sides that it moves: -1 left or top, 1 right or bottom, 0 neither. */
export interface Handle {
  x: -1 | 0 | 1;
  y: -1 | 0 | 1;
}

export const HANDLES: readonly Handle[] = [
  { x: -1, y: -1 }, { x: 0, y: -1 }, { x: 1, y: -1 }, { x: 1, y: 0 },
  { x: 1, y: 1 }, { x: 0, y: 1 }, { x: -1, y: 1 }, { x: -1, y: 0 },
];

export const clamp = (value: number, low = 0, high = 1) => Math.min(Math.max(value, low), high);

/** The box between two points, whichever comes first, within the picture. */
export function between(a: Point, b: Point): Box {
  const [left, right] = [clamp(Math.min(a.x, b.x)), clamp(Math.max(a.x, b.x))];
  const [top, bottom] = [clamp(Math.min(a.y, b.y)), clamp(Math.max(a.y, b.y))];
  return { left, top, width: right - left, height: bottom - top };
}

/** The box moved as far as the picture lets it. */
export function moved(box: Box, dx: number, dy: number): Box {
  return { ...box, left: clamp(box.left + dx, 0, 1 - box.width), top: clamp(box.top + dy, 0, 1 - box.height) };
}

/** The box with a handle at another place: what crosses the other side flips. */
export function resized(box: Box, handle: Handle, to: Point): Box {
  const [left, right] = side(box.left, box.left + box.width, handle.x, to.x);
  const [top, bottom] = side(box.top, box.top + box.height, handle.y, to.y);
  return between({ x: left, y: top }, { x: right, y: bottom });
}

function side(near: number, far: number, which: -1 | 0 | 1, to: number): [number, number] {
  return which < 0 ? [to, far] : which > 0 ? [near, to] : [near, far];
}

/** As `resized`, in the proportions that it has: of corners, the farther pull counts. */
export function scaled(box: Box, handle: Handle, to: Point): Box {
  const anchor = { x: handle.x < 0 ? box.left + box.width : box.left, y: handle.y < 0 ? box.top + box.height : box.top };
  const pulls = [handle.x ? Math.abs(to.x - anchor.x) / box.width : 0, handle.y ? Math.abs(to.y - anchor.y) / box.height : 0];
  const room = [
    handle.x < 0 ? anchor.x / box.width : (1 - anchor.x) / box.width,
    handle.y < 0 ? anchor.y / box.height : (1 - anchor.y) / box.height,
  ];
  const factor = Math.min(Math.max(...pulls), ...room);
  const [width, height] = [box.width * factor, box.height * factor];
  return between(anchor, { x: anchor.x + (handle.x < 0 ? -width : width), y: anchor.y + (handle.y < 0 ? -height : height) });
}

export const contains = (box: Box, at: Point) =>
  at.x >= box.left && at.x <= box.left + box.width && at.y >= box.top && at.y <= box.top + box.height;

export const area = (box: Box) => box.width * box.height;

/** How much two boxes have in common, of what both cover: 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (area(a) + area(b) - common);
}

const GAP = 12;

interface Size {
  width: number;
  height: number;
}

/** Where something of a size hides the least of a box: right of it, left, under or over it, and always within the frame. */
export function besides(box: Box, size: Size, frame: Size): Point {
  const into = ({ x, y }: Point) => ({ x: clamp(x, GAP, Math.max(frame.width - size.width - GAP, GAP)), y: clamp(y, GAP, Math.max(frame.height - size.height - GAP, GAP)) });
  const [right, under] = [box.left + box.width + GAP, box.top + box.height + GAP];
  const [left, over] = [box.left - size.width - GAP, box.top - size.height - GAP];
  const places = [{ x: right, y: box.top }, { x: left, y: box.top }, { x: box.left, y: under }, { x: box.left, y: over }].map(into);
  const hides = ({ x, y }: Point) => overlap({ left: x, top: y, ...size }, box);
  return places.reduce((best, each) => (hides(each) < hides(best) ? each : best));
}

/** Whether the service would take two boxes for one: it compares what it keeps. */
export const same = (a: Box, b: Box) =>
  a.left === b.left && a.top === b.top && a.width === b.width && a.height === b.height;

const NEAR = 1e-6;

/** Whether they are the same but for how their numbers were rounded on the way. */
export const near = (a: Box, b: Box) => (["left", "top", "width", "height"] as const).every((side) => Math.abs(a[side] - b[side]) < NEAR);

/** The smallest of the boxes under a point; where one is chosen already, the next larger one. -1 where there is none. */
export function under(boxes: readonly Box[], at: Point, chosen = -1): number {
  const found = boxes.map((box, index) => ({ box, index })).filter(({ box }) => contains(box, at));
  found.sort((a, b) => area(a.box) - area(b.box));
  const place = found.findIndex(({ index }) => index === chosen);
  return found[(place + 1) % Math.max(found.length, 1)]?.index ?? -1;
}

/** The size of a picture within a frame, all of it to be seen. */
export function fitted(picture: { width: number; height: number }, frame: { width: number; height: number }) {
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale, scale };
}

/** Where the picture's corner goes so that the point under the pointer stays under it, when the zoom changes. */
export const zoomedAt = (corner: Point, pointer: Point, before: number, after: number): Point => ({
  x: pointer.x - ((pointer.x - corner.x) * after) / before,
  y: pointer.y - ((pointer.y - corner.y) * after) / before,
});
