// What the keys do among the images.

import type { Layout } from "../../model/layout";
import type { Tag } from "../../api/client";
import { EVERYTHING, isList, type ImageQuery } from "../../model/query";
import { ALL, NONE, sizeOf, toggled } from "../../model/selection";
import { deleteMeant, markNegative, repeatTags } from "../../state/labelling";
import { seeLike } from "../../state/alike";
import * as pages from "../../state/pages";
import { prefer, preferences } from "../../state/preferences";
import { LABELERS } from "../../state/session";
import { anchor, chooseTo, focus, meant, selection } from "../../state/view";
import { permitted, useKeys } from "../keyboard";
import { byDigit } from "../tags/digits";
import { askForTag } from "../tags/tagname";
import { useConcerned } from "../grid/concerned";

interface Given {
  shape: { current: { layout: Layout; rows: number } };
  open: (index: number) => void;
  give: (tag: Tag) => void;
  show: (changes: Partial<ImageQuery>) => void;
  query: ImageQuery;
}

export const SIZES = { least: 88, most: 320, step: 24 };

export function useGridKeys({ shape, open, give, show, query }: Given): void {
  const last = () => Math.max((pages.total.value ?? 1) - 1, 0);
  const to = (index: number) => {
    focus.value = Math.min(Math.max(index, 0), last());
    anchor.value = focus.value;
  };
  const by = (steps: number) => () => to(focus.value + steps);
  const row = () => shape.current.layout.columns;
  const label = (then: () => unknown) => permitted(LABELERS, then);
  const onward = (moves: boolean) => moves && to(focus.value + 1);
  const size = (steps: number) => () => prefer({ cell: Math.min(Math.max(preferences.value.cell + steps * SIZES.step, SIZES.least), SIZES.most) });
  useConcerned(pages.indexOf, to);
  useKeys("grid", {
    left: by(-1),
    right: by(1),
    up: () => to(focus.value - row()),
    down: () => to(focus.value + row()),
    pageUp: () => to(focus.value - row() * shape.current.rows),
    pageDown: () => to(focus.value + row() * shape.current.rows),
    first: () => to(0),
    last: () => to(last()),
    open: () => open(focus.value),
    extend: (pressed) => chooseTo(Math.min(Math.max(focus.value + steps(pressed, row()), 0), last())),
    mark: () => {
      const image = pages.at(focus.value);
      if (image) selection.value = toggled(selection.value, image.id);
    },
    all: () => (selection.value = ALL),
    leave: () => (sizeOf(selection.value, last() + 1) ? (selection.value = NONE) : isList(query) ? show(EVERYTHING) : false),
    tag: byDigit(give),
    name: label(() => askForTag(give)),
    negative: label(() => onward(markNegative(meant()))),
    repeat: label(() => onward(repeatTags(meant()))),
    delete: label(deleteMeant),
    larger: size(1),
    smaller: size(-1),
    similar: () => seeLike(pages.at(focus.value)?.id),
    untagged: () => show({ ...EVERYTHING, order: query.order, status: query.status === "Untagged" ? "All" : "Untagged" }),
  });
}

const steps = (pressed: string, row: number) => ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row })[pressed.replace("Shift+", "")] ?? 0;
