// The keys that move the focus through a grid, and size its cells.

import type { Layout } from "../../model/layout";
import { prefer, preferences } from "../../state/preferences";
import { SIZES } from "../images/gridkeys";
import type { Handlers } from "../keyboard";

export interface Shape {
  layout: Layout;
  rows: number;
}

const size = (steps: number) => () => prefer({ cell: Math.min(Math.max(preferences.value.cell + steps * SIZES.step, SIZES.least), SIZES.most) });

export const UNLAID: Shape = { layout: { columns: 1, cell: 1, step: 1, rows: 0, height: 0 }, rows: 1 };

export function moves(shape: { current: Shape }, focus: number, count: number, to: (index: number) => void): Handlers {
  const by = (steps: number) => () => to(Math.min(Math.max(focus + steps, 0), Math.max(count - 1, 0)));
  const rows = (count: number) => () => by(count * shape.current.layout.columns)();
  const screens = (count: number) => () => rows(count * shape.current.rows)();
  return {
    left: by(-1),
    right: by(1),
    up: rows(-1),
    down: rows(1),
    pageUp: screens(-1),
    pageDown: screens(1),
    first: by(-count),
    last: by(count),
    larger: size(1),
    smaller: size(-1),
  };
}
