// Where the cells of a grid lie: all of one size, in rows, of which only those near the window are drawn.

export interface Layout {
  columns: number;
  /** Of a cell, as it fills its row. */
  cell: number;
  /** From one row to the next. */
  step: number;
  rows: number;
  height: number;
}

export const GAP = 6;
export const PAD = 12;

export function layout(width: number, wanted: number, total: number): Layout {
  const room = Math.max(width - 2 * PAD, 1);
  const fitting = (room + GAP) / (wanted + GAP);
  // Two that are a little smaller are more to look at than one that is larger.
  const columns = Math.max(1, Math.floor(fitting), Math.min(Math.round(fitting), 2));
  const cell = (room - GAP * (columns - 1)) / columns;
  const rows = Math.ceil(total / columns);
  return { columns, cell, step: cell + GAP, rows, height: rows * (cell + GAP) - GAP + 2 * PAD };
}

/** The first and the last index (not in it) that are to be drawn. */
export function visible(at: Layout, top: number, height: number, total: number, around = 2): [number, number] {
  const first = Math.max(0, Math.floor((top - PAD) / at.step) - around);
  const last = Math.min(at.rows, Math.ceil((top + height - PAD) / at.step) + around);
  return [Math.min(first * at.columns, total), Math.min(last * at.columns, total)];
}

export const position = (at: Layout, index: number) => ({
  left: PAD + (index % at.columns) * at.step,
  top: PAD + Math.floor(index / at.columns) * at.step,
});

/** How far to scroll so that a cell is seen whole. */
export function revealed(at: Layout, index: number, top: number, height: number): number {
  const place = position(at, index).top;
  if (place - PAD < top) return Math.max(0, place - PAD);
  return Math.max(top, place + at.cell + PAD - height);
}

/** The indexes of the cells that a rectangle touches, in the grid's own pixels. */
export function within(at: Layout, box: { left: number; top: number; right: number; bottom: number }, total: number): number[] {
  const column = (x: number) => Math.floor((x - PAD) / at.step);
  const [left, right] = [Math.max(0, column(box.left)), Math.min(at.columns - 1, column(box.right))];
  const [top, bottom] = [Math.max(0, column(box.top)), Math.min(at.rows - 1, column(box.bottom))];
  const rows = Array.from({ length: Math.max(bottom - top + 1, 0) }, (_, row) => top + row);
  const columns = Array.from({ length: Math.max(right - left + 1, 0) }, (_, place) => left + place);
  return rows.flatMap((row) => columns.map((place) => row * at.columns + place)).filter((index) => index < total);
}
