// The images of a project: the home of labelling.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Tag } from "../api/client";
import { isIn, NONE, toggled, withIds } from "../model/selection";
import { isEverything, NO_LIST, readQuery, writeQuery, type ImageQuery } from "../model/query";
import { readSuggesting } from "../model/suggesting";
import type { Layout } from "../model/layout";
import { Arrival } from "../parts/images/arrival";
import { FilterBar } from "../parts/images/filterbar";
import { Grid } from "../parts/grid/grid";
import { NoImages, NothingFound } from "../parts/images/noimages";
import { nameOf, Picture } from "../parts/grid/picture";
import type { Cell } from "../parts/grid/tile";
import { later } from "../parts/later";
import { SelectionBar } from "../parts/images/selectionbar";
import { Fault } from "../parts/states";
import { TagBar } from "../parts/tags/tagbar";
import { TagByName } from "../parts/tags/tagname";
import { useGridKeys } from "../parts/images/gridkeys";
import { seeLike, stackOf } from "../state/alike";
import { toggleTag } from "../state/labelling";
import * as pages from "../state/pages";
import { say } from "../state/notices";
import { preferences } from "../state/preferences";
import { retagAll } from "../state/tasks";
import { isDetector, project } from "../state/project";
import { go, pathOf, search, setSearch } from "../state/route";
import { anchor, chooseTo, focus, forgetPlace, isFar, loaded, meant, scrolled, selection } from "../state/view";

const ImageMap = later(() => import("../parts/map/map"), "ImageMap");
const Suggested = later(() => import("../parts/suggested/source"), "Suggested");

export const Images = () => (readSuggesting(search.value) ? <Suggested /> : <AllImages />);

function AllImages() {
  const shape = useRef<{ layout: Layout; rows: number }>({ layout: { columns: 1, cell: 1, step: 1, rows: 0, height: 0 }, rows: 1 });
  const wanted = readQuery(search.value);
  useQuery(wanted);
  const show = (changes: Partial<ImageQuery>) => setSearch(writeQuery({ ...wanted, ...changes }));
  const open = (index: number) => {
    const image = pages.at(index);
    if (image && wanted.grouped) seeLike(image.id);
    else if (image) go(pathOf(project.value!.id, "image", image.id) + search.value);
  };
  const give = (tag: Tag) => {
    if (wanted.mapped && !pages.total.value) return void say("No image is chosen: draw around some, or press Enter on the map.");
    if (isFar()) return void retagAll(tag, wanted.tagIds.join() === tag.id);
    const isNext = toggleTag(meant(), tag) || (wanted.grouped && !selection.value.ids.size);
    if (isNext) anchor.value = focus.value = Math.min(focus.value + 1, (pages.total.value ?? 1) - 1);
  };
  useGridKeys({ shape, open, give, show, query: wanted });
  return (
    <div class="images">
      <TagBar shown={wanted.tagIds} onGive={give} onShow={(id) => show({ ...NO_LIST, tagIds: without(wanted.tagIds, id) })} />
      <section class="work" aria-label="Images">
        <FilterBar query={wanted} show={show} />
        <Arrival />
        <Body query={wanted} open={open} show={show} onLayout={(layout, rows) => (shape.current = { layout, rows })} />
        <SelectionBar give={give} />
      </section>
      <TagByName />
    </div>
  );
}

const without = (ids: readonly string[], id: string) => (ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id]);

/** The grid shows what the address says; coming back to it finds it as it was. */
function useQuery(wanted: ImageQuery): void {
  const text = writeQuery(wanted);
  const id = project.value!.id;
  // Before the next key: it means what the address says.
  useLayoutEffect(() => {
    if (pages.address.peek() === text && pages.shownOf.peek() === id && pages.total.peek() !== null) return;
    forgetPlace();
    void pages.open(wanted);
  }, [text, id]);
}

interface BodyProps {
  query: ImageQuery;
  open: (index: number) => void;
  show: (changes: Partial<ImageQuery>) => void;
  onLayout: (layout: Layout, rows: number) => void;
}

function Body(given: BodyProps) {
  if (!given.query.mapped) return <Rows {...given} />;
  return (
    <div class="mapped">
      <ImageMap />
      {pages.total.value !== 0 && <Rows {...given} />}
    </div>
  );
}

function Rows({ query, open, show, onLayout }: BodyProps) {
  const total = pages.total.value;
  if (pages.fault.value && !total) return <Fault fault={pages.fault.value} again={() => void pages.reopen()} />;
  if (total === 0) return isEverything(query) ? <NoImages /> : <NothingFound query={query} show={show} />;
  void pages.revision.value;
  return (
    <Grid
      label="Images"
      total={total ?? 48}
      size={preferences.value.cell}
      focus={focus.value}
      scrolled={scrolled.peek()}
      cell={cell}
      need={(from, to) => total !== null && pages.need(from, to)}
      onScroll={(top) => (scrolled.value = top)}
      onPress={press}
      onOpen={open}
      onLasso={lasso}
      onLayout={onLayout}
    />
  );
}

function cell(index: number): Cell {
  const image = pages.at(index);
  if (!image) return { row: null, face: () => null, name: "not loaded yet", selected: false };
  const alike = pages.query.value.grouped ? stackOf(image.id).length : 1;
  const face = () => (
    <>
      <Picture image={image} boxes={isDetector.value} />
      {alike > 1 && <span class="stackmark">{alike}</span>}
    </>
  );
  return { row: image, face, name: alike > 1 ? `${nameOf(image)}, ${alike} alike` : nameOf(image), selected: isIn(selection.value, image.id) };
}

function press(index: number, { range, more }: { range: boolean; more: boolean }): void {
  const image = pages.at(index);
  if (range) return chooseTo(index);
  if (more && image) selection.value = toggled(selection.value, image.id);
  else selection.value = NONE;
  anchor.value = focus.value = index;
}

function lasso(indexes: readonly number[], more: boolean): void {
  const ids = indexes.flatMap((index) => loaded(index, index).map(({ id }) => id));
  selection.value = withIds(more ? selection.value : NONE, ids);
}
