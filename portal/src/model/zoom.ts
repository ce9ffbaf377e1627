// Where a picture lies in its frame: how large it is, and which of its points is in the middle.

import { clamp, fitted, zoomedAt, type Point } from "./geometry";

export interface Size {
  width: number;
  height: number;
}

/** A point of the picture, and how many times as large as it fits the picture is. */
export interface Zoom extends Point {
  factor: number;
}

export interface Place extends Size {
  left: number;
  top: number;
}

export const FIT: Zoom = { factor: 1, x: 0.5, y: 0.5 };
export const LEAST = 0.5;
export const MOST = 32;
/** Pixels of ground around a picture that fits. */
const EDGE = 24;
/** Pixels by which a picture may be pulled from the frame's edge. */
const SLACK = 48;

export function placed(zoom: Zoom, picture: Size, frame: Size): Place {
  const room = { width: Math.max(frame.width - 2 * EDGE, 1), height: Math.max(frame.height - 2 * EDGE, 1) };
  const { width: fitting, scale } = fitted(picture, room);
  const width = fitting * zoom.factor;
  const height = picture.height * scale * zoom.factor;
  return { left: frame.width / 2 - zoom.x * width, top: frame.height / 2 - zoom.y * height, width, height };
}

/** A point of the frame, in pixels, as one of the picture. */
export const within = (place: Place, at: Point): Point => ({ x: (at.x - place.left) / place.width, y: (at.y - place.top) / place.height });

/** At another factor; what is under the pointer stays there as far as the picture keeps to its frame. */
export function zoomed(zoom: Zoom, picture: Size, frame: Size, pointer: Point, factor: number): Zoom {
  const to = clamp(factor, LEAST, MOST);
  const { left, top } = placed(zoom, picture, frame);
  const corner = zoomedAt({ x: left, y: top }, pointer, zoom.factor, to);
  const { width, height } = placed({ ...zoom, factor: to }, picture, frame);
  return held({ factor: to, x: (frame.width / 2 - corner.x) / width, y: (frame.height / 2 - corner.y) / height }, picture, frame);
}

/** Pulled by so many pixels. */
export function panned(zoom: Zoom, picture: Size, frame: Size, dx: number, dy: number): Zoom {
  const { width, height } = placed(zoom, picture, frame);
  return held({ ...zoom, x: zoom.x - dx / width, y: zoom.y - dy / height }, picture, frame);
}

function held(zoom: Zoom, picture: Size, frame: Size): Zoom {
  const { width, height } = placed(zoom, picture, frame);
  return { ...zoom, x: side(zoom.x, width, frame.width), y: side(zoom.y, height, frame.height) };
}

function side(middle: number, size: number, frame: number): number {
  const least = (frame / 2 - SLACK) / size;
  return least >= 0.5 ? 0.5 : clamp(middle, least, 1 - least);
}
