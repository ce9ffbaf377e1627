// The suggestions of a trained iteration: leave out what is wrong, and accept the rest by one key.

import { useEffect, useRef } from "preact/hooks";
import type { Tag } from "../../api/client";
import { readSuggesting, writeSuggesting, type SuggestionQuery } from "../../model/suggesting";
import { iterationOf } from "../../state/judging";
import { toggleTag } from "../../state/labelling";
import { saving } from "../../state/outbox";
import { preferences } from "../../state/preferences";
import { project } from "../../state/project";
import { search, setSearch } from "../../state/route";
import { LABELERS, lacks } from "../../state/session";
import * as suggestions from "../../state/suggestions";
import type { Suggestion } from "../../state/suggestions";
import { task } from "../../state/tasks";
import { Grid } from "../grid/grid";
import { UNLAID, type Shape } from "../grid/moving";
import { nameOf } from "../grid/picture";
import { point, type Cell } from "../grid/tile";
import { Face, inWords } from "../judged/face";
import { useSight } from "../judged/sight";
import { Fault } from "../states";
import { TagBar } from "../tags/tagbar";
import { TagByName } from "../tags/tagname";
import { Bar } from "./bar";
import { Nothing, NotAllowed, Unknown, Untrained } from "./nothing";
import { current, leave, open, useRowKeys } from "./rowkeys";

const PAUSE_MS = 200;

export function OfIteration() {
  const wanted = readSuggesting(search.value)!;
  const iteration = iterationOf(wanted.iterationId);
  const shape = useRef<Shape>(UNLAID);
  const show = (changes: Partial<SuggestionQuery>) => setSearch(writeSuggesting({ ...wanted, ...changes }));
  useOpened(wanted, iteration?.id);
  useSight(suggestions.rows.value, suggestions.seen);
  useRowKeys({ rows: suggestions, shape, done: begun, give, accept: suggestions.accept, reject });
  return (
    <div class="images suggested">
      <TagBar shown={wanted.tagId ? [wanted.tagId] : []} onGive={give} onShow={(id) => show({ tagId: id === wanted.tagId ? "" : id })} />
      <section class="work" aria-label="Suggestions" aria-busy={!suggestions.isSeen.value} onPointerMove={point(suggestions.focus)}>
        <Bar query={wanted} iterationId={lacks(LABELERS) ? "" : (iteration?.id ?? "")} show={show} leave={leave} />
        {lacks(LABELERS) ? <NotAllowed /> : iteration ? <Body onLayout={(laid) => (shape.current = laid)} /> : wanted.iterationId ? <Unknown show={show} /> : <Untrained />}
      </section>
      <TagByName />
    </div>
  );
}

/** The filter is asked for once the hand rests; what is there is filtered at once. */
function useOpened(wanted: SuggestionQuery, iterationId: string | undefined): void {
  const id = project.value!.id;
  useEffect(() => {
    if (!iterationId || lacks(LABELERS)) return;
    const before = suggestions.query.peek();
    const filter = { ...wanted, iterationId };
    const isSame = before.projectId === id && before.iterationId === iterationId;
    if (isSame) suggestions.query.value = { ...filter, projectId: id };
    const timer = setTimeout(() => void suggestions.open(filter), isSame ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [id, iterationId, wanted.tagId, wanted.threshold]);
  useEffect(() => {
    if (iterationId && !saving.value && suggestions.query.peek().iterationId) void suggestions.recount();
  }, [saving.value]);
  const isUnderway = task.value !== null;
  const before = useRef(isUnderway);
  useEffect(() => {
    if (before.current && !isUnderway) void suggestions.reload();
    before.current = isUnderway;
  }, [isUnderway]);
}

/** Do something to the image under the focus: the next one takes its place. */
function begun(then: (meant: Suggestion) => unknown): void {
  const meant = current(suggestions);
  if (!meant) return;
  suggestions.begin([meant]);
  then(meant);
}

/** Another tag than was suggested. */
const give = (tag: Tag) => begun(({ image }) => toggleTag([image], tag));

function reject(): void {
  suggestions.toggleOut(current(suggestions)!.image.id);
  suggestions.focus.value = Math.min(suggestions.focus.value + 1, suggestions.shown.value.length - 1);
}

function Body({ onLayout }: { onLayout: (shape: Shape) => void }) {
  const { shown, focus, hasMore, fault } = suggestions;
  const total = shown.value.length;
  useEffect(() => {
    if (focus.value >= total) focus.value = Math.max(total - 1, 0);
  }, [total]);
  if (fault.value && !total) return <Fault fault={fault.value} again={() => void suggestions.reload()} />;
  if (!total) return <Nothing />;
  return (
    <Grid
      label="Suggestions"
      total={total}
      size={preferences.value.cell}
      focus={Math.min(focus.value, total - 1)}
      scrolled={0}
      multiple={false}
      cell={cell}
      need={(_, to) => hasMore.value && to >= total - 1 && void suggestions.loadMore()}
      onScroll={() => {}}
      onPress={(index) => (focus.value = index)}
      onOpen={(index) => open(suggestions, index)}
      onLayout={(layout, rows) => onLayout({ layout, rows })}
    />
  );
}

function cell(index: number): Cell {
  const suggestion = suggestions.shown.value[index];
  if (!suggestion) return { row: null, face: () => null, name: "not loaded yet", selected: false };
  const { image, said } = suggestion;
  const out = suggestions.leftOut.value.has(image.id);
  const toggle = (event: Event) => (event.stopPropagation(), suggestions.toggleOut(image.id));
  const face = () => (
    <>
      <Face uri={image.thumbnailUri} said={said} out={out} />
      <span class={`outmark${out ? " back" : ""}`} aria-hidden="true" title={out ? "Take it in again (X)" : "Leave it out (X)"} onClick={toggle} />
    </>
  );
  const name = nameOf(image).replace(/, untagged$/, "");
  return { row: suggestion, face, name: `${name}, ${out ? "left out" : "suggested"}: ${inWords(said)}`, selected: false };
}
