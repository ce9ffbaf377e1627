// What keys do among suggestions, whoever makes them: to the image under the focus, whose place the next one takes.

import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Image, Tag } from "../../api/client";
import { EVERYTHING, writeQuery, type Status } from "../../model/query";
import { seeLike } from "../../state/alike";
import { deleteImages, markNegative, repeatTags } from "../../state/labelling";
import { project } from "../../state/project";
import { go, pathOf, search, setSearch } from "../../state/route";
import { LABELERS } from "../../state/session";
import { useConcerned } from "../grid/concerned";
import { moves, type Shape } from "../grid/moving";
import { permitted, useKeys } from "../keyboard";
import { byDigit } from "../tags/digits";
import { askForTag } from "../tags/tagname";

interface Rows<Row> {
  shown: ReadonlySignal<readonly Row[]>;
  focus: Signal<number>;
}

/** A key may come before the focus has followed a list that became shorter. */
export const current = <Row>({ shown, focus }: Rows<Row>): Row | undefined => shown.value[Math.min(focus.value, shown.value.length - 1)];

export const leave = (status: Status) => setSearch(writeQuery({ ...EVERYTHING, status }));

export function open<Row extends { image: Image }>({ shown }: Rows<Row>, index: number): void {
  const row = shown.value[index];
  if (row) go(pathOf(project.value!.id, "image", row.image.id) + search.value);
}

interface Given<Row> {
  rows: Rows<Row>;
  shape: { current: Shape };
  /** Do something to the image under the focus. */
  done: (then: (row: Row) => unknown) => unknown;
  give: (tag: Tag) => unknown;
  accept: () => unknown;
  reject: () => unknown;
}

export function useRowKeys<Row extends { image: Image }>({ rows, shape, done, give, accept, reject }: Given<Row>): void {
  const { focus, shown } = rows;
  const to = (index: number) => void (focus.value = index);
  useConcerned((id) => shown.value.findIndex(({ image }) => image.id === id), to);
  const label = (then: () => unknown) => permitted(LABELERS, () => (current(rows) ? then() : false));
  useKeys("grid", {
    ...moves(shape, focus.value, shown.value.length, to),
    accept: label(accept),
    reject: label(reject),
    tag: byDigit(give),
    name: label(() => askForTag(give)),
    negative: label(() => void done(({ image }) => markNegative([image]))),
    repeat: label(() => void done(({ image }) => repeatTags([image]))),
    delete: label(() => void done(({ image }) => deleteImages([image.id]))),
    open: () => open(rows, focus.value),
    similar: () => seeLike(current(rows)?.image.id),
    untagged: () => leave("Untagged"),
    leave: () => leave("All"),
  });
}
