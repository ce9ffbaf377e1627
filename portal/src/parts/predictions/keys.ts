// What the keys do among the stored predictions.

import { ALL, NONE, toggled, withIds } from "../../model/selection";
import * as predictions from "../../state/predictions";
import { DEPLOYERS, LABELERS } from "../../state/session";
import { moves, type Shape } from "../grid/moving";
import { permitted, useKeys } from "../keyboard";
import { byDigit } from "../tags/digits";
import { askForTag } from "../tags/tagname";
import { trainAs, trainAsNothing, trainAsSaid } from "./actions";

interface Given {
  shape: { current: Shape };
  from: number;
  open: (index: number) => void;
}

export function usePredictionKeys({ shape, from, open }: Given): void {
  const { focus, rows, selection, to } = predictions;
  const count = rows.value?.length ?? 0;
  const allowed = (roles: Parameters<typeof permitted>[0], then: () => unknown) => permitted(roles, () => (predictions.meant().length ? then() : false));
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -shape.current.layout.columns, ArrowDown: shape.current.layout.columns };
  useKeys("grid", {
    ...moves(shape, focus.value, count, to),
    extend: (pressed) => {
      const place = focus.value + (steps[pressed.replace("Shift+", "")] ?? 0);
      chooseTo(Math.min(Math.max(place, 0), count - 1));
    },
    mark: () => {
      const row = rows.value?.[focus.value];
      if (row) selection.value = toggled(selection.value, row.id);
    },
    all: () => (selection.value = ALL),
    leave: () => (selection.value === NONE ? false : (selection.value = NONE)),
    accept: allowed(LABELERS, () => trainAsSaid(from)),
    tag: byDigit((tag) => trainAs(tag, from)),
    name: allowed(LABELERS, () => askForTag((tag) => trainAs(tag, from))),
    negative: allowed(LABELERS, () => void trainAsNothing()),
    delete: allowed(DEPLOYERS, () => predictions.remove(predictions.meant())),
    undo: () => predictions.undo(),
    open: () => open(focus.value),
  });
}

/** Choose from the anchor to a place. */
export function chooseTo(index: number): void {
  const { value: anchor } = predictions.anchor;
  const ids = predictions.rows.value?.slice(Math.min(anchor, index), Math.max(anchor, index) + 1).map(({ id }) => id) ?? [];
  predictions.selection.value = withIds(NONE, ids);
  predictions.focus.value = index;
}
