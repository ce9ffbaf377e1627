// How large the picture is shown, and where it lies.

import { computed, signal } from "@preact/signals";
import type { Point } from "../model/geometry";
import { FIT, panned, placed, within, zoomed, type Zoom } from "../model/zoom";
import { image } from "./showing";

const STEP = 1.25;
/** From here on the original is shown, as the smaller copy has no more to show. */
const FINE = 2;

export const zoom = signal<Zoom>(FIT);
export const frame = signal({ width: 0, height: 0 });
export const place = computed(() => (image.value && frame.value.width ? placed(zoom.value, image.value, frame.value) : null));
export const isFitted = computed(() => zoom.value.factor === 1);
export const isFine = computed(() => zoom.value.factor >= FINE);

export const fit = () => void (zoom.value = FIT);
export const enlarge = (steps: number) => zoomBy(STEP ** steps);

/** Around the pointer, or the middle of the frame. */
export function zoomBy(ratio: number, at: Point = { x: frame.value.width / 2, y: frame.value.height / 2 }): void {
  if (image.value) zoom.value = zoomed(zoom.value, image.value, frame.value, at, zoom.value.factor * ratio);
}

export function panBy(dx: number, dy: number): void {
  if (image.value) zoom.value = panned(zoom.value, image.value, frame.value, dx, dy);
}

/** A point of the frame as one of the picture. */
export const toPicture = (at: Point): Point => (place.value ? within(place.value, at) : { x: 0, y: 0 });
/** So many pixels, in parts of the picture. */
export const reach = (pixels: number): Point => ({ x: pixels / (place.value?.width ?? 1), y: pixels / (place.value?.height ?? 1) });
