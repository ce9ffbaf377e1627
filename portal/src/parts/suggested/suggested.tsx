// The suggestions of a trained iteration: leave out what is wrong, and accept the rest by one key.

import { useEffect, useRef } from "preact/hooks";
import type { Tag } from "../../api/client";
import { EVERYTHING, writeQuery, type Status } from "../../model/query";
import { readSuggesting, writeSuggesting, type SuggestionQuery } from "../../model/suggesting";
import { seeLike } from "../../state/alike";
import { iterationOf } from "../../state/judging";
import { deleteImages, markNegative, repeatTags, toggleTag } from "../../state/labelling";
import { saving } from "../../state/outbox";
import { preferences } from "../../state/preferences";
import { project, regular } from "../../state/project";
import { go, pathOf, search, setSearch } from "../../state/route";
import { LABELERS, lacks } from "../../state/session";
import * as suggestions from "../../state/suggestions";
import type { Suggestion } from "../../state/suggestions";
import { task } from "../../state/tasks";
import { useConcerned } from "../grid/concerned";
import { Grid } from "../grid/grid";
import { moves, UNLAID, type Shape } from "../grid/moving";
import { nameOf } from "../grid/picture";
import { point, type Cell } from "../grid/tile";
import { Face, inWords } from "../judged/face";
import { useSight } from "../judged/sight";
import { permitted, useKeys } from "../keyboard";
import { Fault } from "../states";
import { TagBar } from "../tags/tagbar";
import { askForTag, TagByName } from "../tags/tagname";
import { Bar } from "./bar";
import { Nothing, NotAllowed, Unknown, Untrained } from "./nothing";

const PAUSE_MS = 200;

export function OfIteration() {
  const wanted = readSuggesting(search.value)!;
  const iteration = iterationOf(wanted.iterationId);
  const shape = useRef<Shape>(UNLAID);
  const show = (changes: Partial<SuggestionQuery>) => setSearch(writeSuggesting({ ...wanted, ...changes }));
  const leave = (status: Status) => setSearch(writeQuery({ ...EVERYTHING, status }));
  useOpened(wanted, iteration?.id);
  useSight(suggestions.rows.value, suggestions.seen);
  useSuggestionKeys(shape, leave);
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

/** The focus is put back on the last one only in the frame after the list grew shorter. */
const current = () => suggestions.shown.value[Math.min(suggestions.focus.value, suggestions.shown.value.length - 1)];

/** Do something to the image under the focus: the next one takes its place. */
function begun(then: (meant: Suggestion) => unknown): void {
  const meant = current();
  if (!meant) return;
  suggestions.begin([meant]);
  then(meant);
}

/** Another tag than was suggested. */
const give = (tag: Tag) => begun(({ image }) => toggleTag([image], tag));

function useSuggestionKeys(shape: { current: Shape }, leave: (status: Status) => void): void {
  const { focus, shown } = suggestions;
  const to = (index: number) => void (focus.value = index);
  useConcerned((id) => shown.value.findIndex(({ image }) => image.id === id), to);
  const label = (then: () => unknown) => permitted(LABELERS, () => (current() ? then() : false));
  useKeys("grid", {
    ...moves(shape, focus.value, shown.value.length, to),
    accept: label(() => suggestions.accept()),
    reject: label(() => {
      suggestions.toggleOut(current()!.image.id);
      to(Math.min(focus.value + 1, shown.value.length - 1));
    }),
    tag: permitted(LABELERS, (pressed: string) => {
      const tag = regular.value[Number(pressed) - 1];
      return tag ? give(tag) : false;
    }),
    name: label(() => askForTag(give)),
    negative: label(() => void begun(({ image }) => markNegative([image]))),
    repeat: label(() => void begun(({ image }) => repeatTags([image]))),
    delete: label(() => void begun(({ image }) => deleteImages([image.id]))),
    open: () => open(focus.value),
    similar: () => seeLike(current()?.image.id),
    untagged: () => leave("Untagged"),
    leave: () => leave("All"),
  });
}

function open(index: number): void {
  const meant = suggestions.shown.value[index];
  if (meant) go(pathOf(project.value!.id, "image", meant.image.id) + search.value);
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
      onOpen={open}
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
