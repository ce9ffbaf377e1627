// What the live model suggests, asks for or doubts: page by page, for keys and digits.

import { useEffect, useRef } from "preact/hooks";
import type { Tag } from "../../api/client";
import { hasTag } from "../../model/changes";
import { readSuggesting, writeSuggesting, type SuggestionQuery } from "../../model/suggesting";
import { toggleTag } from "../../state/labelling";
import { isOffered, told } from "../../state/live";
import { preferences } from "../../state/preferences";
import { project } from "../../state/project";
import { search, setSearch } from "../../state/route";
import * as turned from "../../state/turned";
import type { Row } from "../../state/turned";
import { Grid } from "../grid/grid";
import { UNLAID, type Shape } from "../grid/moving";
import { point } from "../grid/tile";
import { useSight } from "../judged/sight";
import { Fault } from "../states";
import { TagBar } from "../tags/tagbar";
import { TagByName } from "../tags/tagname";
import { NotAllowed } from "../suggested/nothing";
import { current, leave, open, useRowKeys } from "../suggested/rowkeys";
import { Bar } from "./bar";
import { cellOf } from "./face";
import { Nothing } from "./nothing";

export function Live() {
  const wanted = readSuggesting(search.value)!;
  const shape = useRef<Shape>(UNLAID);
  const show = (changes: Partial<SuggestionQuery>) => setSearch(writeSuggesting({ ...wanted, ...changes }));
  usePages(wanted);
  useSight(turned.rows.value, turned.seen);
  useRowKeys({ rows: turned, shape, done, give, accept, reject });
  return (
    <div class="images">
      <TagBar shown={wanted.tagId ? [wanted.tagId] : []} onGive={give} onShow={(id) => show({ show: "sure", tagId: id === wanted.tagId ? "" : id })} />
      <section class="work" aria-label="Suggestions" aria-busy={!turned.isSeen.value} onPointerMove={point(turned.focus)}>
        <Bar query={wanted} show={show} leave={leave} />
        {isOffered.value ? <Body show={show} onLayout={(laid) => (shape.current = laid)} /> : <NotAllowed />}
      </section>
      <TagByName />
    </div>
  );
}

/** A page that is done turns; where there is none yet, it is asked for again with whatever is new. */
function usePages({ show, tagId }: SuggestionQuery): void {
  const id = project.value!.id;
  const isDone = !turned.shown.value.length;
  useEffect(() => {
    if (isOffered.value) void turned.ensure(show, tagId);
  }, [id, show, tagId, isOffered.value]);
  useEffect(() => {
    const isOpen = turned.query.peek().projectId === id && !turned.loading.peek();
    if (isDone && isOpen && !turned.fault.peek()) void turned.turn();
  }, [isDone, told.value?.revision]);
}

/** Do something to the image under the focus: the next one takes its place. */
function done(then: (meant: Row) => unknown): void {
  const meant = current(turned);
  if (meant) then(meant);
}

/** Another tag than was suggested; the one that an image has already is right. */
const give = (tag: Tag) => done((row) => (hasTag(row.image, tag.id) ? turned.keep(row) : toggleTag([row.image], tag)));

function accept(): void {
  if (turned.kind.value === "confirm") turned.accept();
  else done(turned.take);
}

function reject(): void {
  if (turned.kind.value === "doubt") return done(turned.keep);
  if (turned.kind.value === "label") return;
  done(turned.toggleOut);
  turned.focus.value = Math.min(turned.focus.value + 1, turned.shown.value.length - 1);
}

interface BodyProps {
  show: (changes: Partial<SuggestionQuery>) => void;
  onLayout: (shape: Shape) => void;
}

function Body({ show, onLayout }: BodyProps) {
  const { shown, focus, fault } = turned;
  const total = shown.value.length;
  useEffect(() => {
    if (focus.value >= total) focus.value = Math.max(total - 1, 0);
  }, [total]);
  if (fault.value && !total) return <Fault fault={fault.value} again={() => void turned.turn()} />;
  if (!total) return <Nothing show={show} />;
  return (
    <Grid
      label="Suggestions"
      total={total}
      size={preferences.value.cell}
      focus={Math.min(focus.value, total - 1)}
      scrolled={0}
      multiple={false}
      cell={cellOf}
      need={() => {}}
      onScroll={() => {}}
      onPress={(index) => (focus.value = index)}
      onOpen={(index) => open(turned, index)}
      onLayout={(layout, rows) => onLayout({ layout, rows })}
    />
  );
}
