// One cell of a grid. Scrolling passes hundreds of them: one is drawn anew only where something of it is another.

import type { Signal } from "@preact/signals";
import { Component, type ComponentChildren } from "preact";

export interface Cell {
  /** What it shows is made of this row; null while that is not there. */
  row: object | null;
  face: () => ComponentChildren;
  /** In words. A face that shows something else of the same row has another name. */
  name: string;
  selected: boolean;
}

interface Props extends Cell {
  index: number;
  total: number;
  left: number;
  top: number;
  side: number;
  focused: boolean;
  resting: boolean;
}

const SEEN = ["row", "name", "selected", "index", "total", "left", "top", "side", "focused"] as const;

export class Tile extends Component<Props> {
  /** A picture that is in sight stays there while the grid flies. */
  private drawn = false;

  override shouldComponentUpdate(next: Props): boolean {
    return SEEN.some((name) => next[name] !== this.props[name]) || (next.resting && !this.drawn);
  }

  override render({ row, face, name, selected, index, total, left, top, side, focused, resting }: Props) {
    this.drawn = row !== null && (this.drawn || resting);
    return (
      <div
        id={`cell-${index}`}
        class={`cell${focused ? " focus" : ""}${this.drawn ? "" : " vacant"}`}
        role="option"
        aria-selected={selected}
        aria-posinset={index + 1}
        aria-setsize={total}
        aria-label={name}
        style={{ transform: `translate(${left}px, ${top}px)`, width: `${side}px`, height: `${side}px` }}
      >
        {this.drawn && face()}
      </div>
    );
  }
}

/** The index of the cell that an event is in, and whether it is on the corner that marks it. */
export function pressed(event: MouseEvent): { index: number; marks: boolean } | null {
  const cell = event.target instanceof Element ? event.target.closest("[role=option]") : null;
  if (!cell) return null;
  const { left, top } = cell.getBoundingClientRect();
  const marks = Math.max(event.clientX - left, event.clientY - top) < CORNER;
  return { index: Number(cell.ariaPosInSet) - 1, marks };
}

/** X and digits mean the image that the mouse points at: one key puts a wrong one right. */
export const point = (focus: Signal<number>) => (event: PointerEvent) => {
  const at = event.pointerType === "mouse" ? pressed(event) : null;
  if (at) focus.value = at.index;
};

/** Pixels: the mark, and as much around it as beside it. */
const CORNER = 34;
