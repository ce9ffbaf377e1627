// A map of images as the service writes it, and which of them lie within a line that is drawn around them.

import type { Point } from "./geometry";

export interface MapPoint extends Point {
  id: string;
  /** The tag that it had when it was looked at last; none is empty. */
  tagId: string;
}

interface Written {
  tagIds: readonly string[];
  images: string;
  places: string;
  tags: string;
}

const SIDE = 65_535;
const ID_BYTES = 16;

/** Places from 0 to 1, from the left and from the top. */
export function pointsOf({ tagIds, images, places, tags }: Written): MapPoint[] {
  const [ids, at, of] = [bytes(images), numbers(places), numbers(tags)];
  return Array.from({ length: ids.length / ID_BYTES }, (_, place) => ({
    id: uuid(ids.subarray(place * ID_BYTES, (place + 1) * ID_BYTES)),
    x: at(2 * place) / SIDE,
    y: at(2 * place + 1) / SIDE,
    tagId: tagIds[of(place)] ?? "",
  }));
}

const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function numbers(text: string): (place: number) => number {
  const view = new DataView(bytes(text).buffer);
  return (place) => view.getUint16(2 * place, true);
}

function uuid(id: Uint8Array): string {
  const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Whether a point lies within a closed line: a ray from it crosses the line an odd number of times. */
export function isWithin(line: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  line.forEach((to, place) => {
    const from = line.at(place - 1)!;
    if (from.y > y !== to.y > y && x < from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x)) inside = !inside;
  });
  return inside;
}
