// Stored predictions: what models said of new pictures, and the way of such pictures into the next training.

import { useEffect, useRef, useState } from "preact/hooks";
import { ANY, isAnything, readPredicting, writePredicting, type PredictionFilter } from "../model/predicting";
import { isIn, NONE, toggled, withIds } from "../model/selection";
import { hint } from "../model/keys";
import { counted } from "../model/labelling";
import { Grid } from "../parts/grid/grid";
import { UNLAID, type Shape } from "../parts/grid/moving";
import type { Cell } from "../parts/grid/tile";
import { Face, inWords } from "../parts/judged/face";
import { Actions, saidOf, trainAs } from "../parts/predictions/actions";
import { Filters } from "../parts/predictions/filters";
import { chooseTo, usePredictionKeys } from "../parts/predictions/keys";
import { Look } from "../parts/predictions/look";
import { EmptyScreen, Fault, Waiting } from "../parts/states";
import { TagBar } from "../parts/tags/tagbar";
import { TagByName } from "../parts/tags/tagname";
import { preferences } from "../state/preferences";
import { project } from "../state/project";
import * as predictions from "../state/predictions";
import { pathOf, search, setSearch } from "../state/route";
import "../parts/predictions/predictions.css";

const USUAL_FROM = 0.5;

export function Predictions() {
  const wanted = readPredicting(search.value);
  const [from, setFrom] = useState(USUAL_FROM);
  const [looked, setLooked] = useState<number | null>(null);
  const shape = useRef<Shape>(UNLAID);
  const id = project.value!.id;
  const text = writePredicting(wanted);
  useEffect(() => void predictions.open(wanted), [id, text]);
  usePredictionKeys({ shape, from, open: setLooked });
  const show = (changes: Partial<PredictionFilter>) => setSearch(writePredicting({ ...readPredicting(search.peek()), ...changes }));
  const count = predictions.rows.value?.length ?? 0;
  const shown = looked === null ? undefined : predictions.rows.value?.[looked];
  return (
    <div class="images predictions">
      <TagBar shown={wanted.tagId ? [wanted.tagId] : []} onGive={(tag) => trainAs(tag, from)} onShow={(tagId) => show({ tagId: tagId === wanted.tagId ? "" : tagId, low: 0, high: 1 })} />
      <section class="work" aria-label="Predictions">
        <Filters filter={wanted} show={show} from={from} setFrom={setFrom} count={predictions.rows.value ? counted(count, "prediction") + (predictions.hasMore.value ? " and more" : "") : ""} />
        {count > 0 && <Hints />}
        <Body filter={wanted} from={from} open={setLooked} onLayout={(laid) => (shape.current = laid)} clear={() => setSearch(writePredicting(ANY))} />
        <Actions from={from} />
      </section>
      {shown && <Look key={shown.id} prediction={shown} from={from} onClose={() => setLooked(null)} />}
      <TagByName />
    </div>
  );
}

const Hints = () => (
  <p class="hints">
    Into training: <kbd>{hint("accept")}</kbd> as said · <kbd>1</kbd>–<kbd>9</kbd> with that tag · <kbd>{hint("negative")}</kbd> as nothing. <kbd>{hint("delete")}</kbd> deletes, <kbd>{hint("open")}</kbd> looks.
  </p>
);

interface BodyProps {
  filter: PredictionFilter;
  from: number;
  open: (index: number) => void;
  onLayout: (shape: Shape) => void;
  clear: () => void;
}

function Body({ filter, from, open, onLayout, clear }: BodyProps) {
  const { rows, fault, focus, hasMore } = predictions;
  if (fault.value) return <Fault fault={fault.value} again={() => void predictions.open(filter, true)} />;
  if (!rows.value) return <Waiting />;
  const total = rows.value.length;
  if (!total) return isAnything(filter) ? <NoPredictions /> : <NothingFound clear={clear} />;
  return (
    <Grid
      label="Predictions"
      total={total}
      size={preferences.value.cell}
      focus={Math.min(focus.value, total - 1)}
      scrolled={0}
      cell={(index) => cell(index, from)}
      need={(_, to) => hasMore.value && to >= total - 1 && void predictions.loadMore()}
      onScroll={() => {}}
      onPress={press}
      onOpen={open}
      onLasso={lasso}
      onLayout={(layout, rows) => onLayout({ layout, rows })}
    />
  );
}

function cell(index: number, from: number): Cell {
  const row = predictions.rows.value?.[index];
  if (!row) return { row: null, face: () => null, name: "not loaded yet", selected: false };
  const said = saidOf(row, from);
  const when = new Date(row.created).toLocaleDateString(undefined, { dateStyle: "medium" });
  const face = () => <Face uri={row.thumbnailUri} said={said} />;
  return { row, face, name: `${inWords(said) || "nothing"}, ${when}`, selected: isIn(predictions.selection.value, row.id) };
}

function press(index: number, { range, more }: { range: boolean; more: boolean }): void {
  const { rows, selection } = predictions;
  const row = rows.value?.[index];
  if (range) return chooseTo(index);
  selection.value = more && row ? toggled(selection.value, row.id) : NONE;
  predictions.to(index);
}

function lasso(indexes: readonly number[], more: boolean): void {
  const { rows, selection } = predictions;
  selection.value = withIds(more ? selection.value : NONE, indexes.flatMap((index) => rows.value?.[index]?.id ?? []));
}

const NoPredictions = () => (
  <EmptyScreen title="No predictions are kept yet">
    <p class="faint">What programs ask a published iteration is kept here for the next training, and so is what you try by hand.</p>
    <a class="button" href={pathOf(project.value!.id, "test")}>
      Quick test
    </a>
  </EmptyScreen>
);

const NothingFound = ({ clear }: { clear: () => void }) => (
  <EmptyScreen title="No prediction is like that">
    <button onClick={clear}>Show all predictions</button>
  </EmptyScreen>
);
