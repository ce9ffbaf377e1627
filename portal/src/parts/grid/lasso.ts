// Choosing by a rectangle that is dragged over the cells.

import type { RefObject } from "preact";
import { useRef, useState } from "preact/hooks";
import { within, type Layout } from "../../model/layout";

/** Pixels that a press moves before it is a drag. */
const DRAG = 5;

interface Start {
  x: number;
  y: number;
  more: boolean;
  dragging: boolean;
}

export function useLasso(pane: RefObject<HTMLDivElement | null>, at: Layout, total: number, told?: (indexes: readonly number[], more: boolean) => void) {
  const start = useRef<Start | null>(null);
  const [box, setBox] = useState<{ left: string; top: string; width: string; height: string } | null>(null);
  const place = (event: PointerEvent) => {
    const frame = pane.current!.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top + pane.current!.scrollTop };
  };
  const onPointerDown = (event: PointerEvent) => {
    const onBar = event.offsetX > (pane.current?.clientWidth ?? 0) && event.target === pane.current;
    if (!told || event.button || onBar || event.pointerType === "touch") return;
    start.current = { ...place(event), more: event.ctrlKey || event.metaKey || event.shiftKey, dragging: false };
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = start.current;
    if (!from || !told) return;
    const to = place(event);
    if (!from.dragging && Math.hypot(to.x - from.x, to.y - from.y) < DRAG) return;
    if (!from.dragging) pane.current!.setPointerCapture(event.pointerId);
    from.dragging = true;
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    setBox({ left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    told(within(at, { left, top, right, bottom }, total), from.more);
  };
  const onPointerUp = () => {
    start.current = null;
    setBox(null);
  };
  return { box, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp } };
}
