// What was taken for what: rows are true, columns are said. A cell leads to its images.

import { useState } from "preact/hooks";
import type { Confusions } from "../../api/client";
import { short } from "../../model/names";
import { confused, mistakesOf, NOTHING, sameCell, type Cell } from "../../model/judging";

interface Props {
  confusions: Confusions;
  /** Those of another threshold are still shown. */
  stale: boolean;
  cell: Cell | null;
  onCell: (cell: Cell) => void;
}

/** With more tags those are shown that are confused most. */
const MOST = 24;
/** Of a name that stands upright, or beside a row. */
const LETTERS = 18;
/** With more the figures are small. */
const ROOMY = 9;

export function Matrix({ confusions, stale, cell, onCell }: Props) {
  const [all, setAll] = useState(false);
  const { tags, cells } = confusions;
  const shown = all ? tags.map((_, place) => place) : confused(cells, MOST);
  const places = [...shown, tags.length];
  const mistakes = mistakesOf(confusions);
  return (
    <section class={`card confusion${stale ? " stale" : ""}`} aria-label="What was taken for what" aria-busy={stale}>
      <header>
        <h2>What was taken for what</h2>
        <span class="grow" />
        {tags.length > MOST && (
          <button class="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? "The most confused" : `All ${tags.length} tags`}
          </button>
        )}
        <button disabled={!mistakes} aria-pressed={sameCell(cell, { wrong: true })} onClick={() => onCell({ wrong: true })}>
          {mistakes === 1 ? "1 mistake" : mistakes ? `${mistakes.toLocaleString()} mistakes` : "No mistake"}
        </button>
      </header>
      <div class="scroll">
        <table class={`matrix${places.length > ROOMY + 1 ? " dense" : ""}`} onKeyDown={step}>
          <thead>
            <tr>
              <th scope="row" class="corner">
                true ╲ said
              </th>
              {places.map((place) => (
                <th key={place} scope="col">
                  <Name name={nameAt(confusions, place)} onPick={() => onCell({ said: idAt(confusions, place), wrong: true })} title={`Said to be ${nameAt(confusions, place)}, and wrong`} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {places.map((place) => (
              <Row key={place} truth={place} places={places} confusions={confusions} cell={cell} onCell={onCell} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const nameAt = ({ tags }: Confusions, place: number) => tags[place]?.name ?? "nothing";
const idAt = ({ tags }: Confusions, place: number) => tags[place]?.id ?? NOTHING;

function Name({ name, title, onPick }: { name: string; title: string; onPick: () => void }) {
  return (
    <button class="quiet name" tabIndex={-1} aria-label={name} title={title} onClick={onPick}>
      <span>{short(name, LETTERS)}</span>
    </button>
  );
}

interface RowProps {
  truth: number;
  places: readonly number[];
  confusions: Confusions;
  cell: Cell | null;
  onCell: (cell: Cell) => void;
}

function Row({ truth, places, confusions, cell, onCell }: RowProps) {
  const counts = confusions.cells[truth] ?? [];
  const total = Math.max(counts.reduce((sum, count) => sum + count, 0), 1);
  const [id, name] = [idAt(confusions, truth), nameAt(confusions, truth)];
  return (
    <tr>
      <th scope="row">
        <Name name={name} onPick={() => onCell({ truth: id, wrong: true })} title={`${name}, and taken for something else`} />
      </th>
      {places.map((said) => {
        const count = counts[said] ?? 0;
        const mine: Cell = { truth: id, said: idAt(confusions, said) };
        if (!count) return <td key={said} />;
        return (
          <td key={said}>
            <button
              class={truth === said ? "right" : "wrong"}
              tabIndex={isFirst(confusions, places, truth, said) ? 0 : -1}
              aria-pressed={sameCell(cell, mine)}
              aria-label={`${name} taken for ${nameAt(confusions, said)}: ${count}`}
              title={`${name} → ${nameAt(confusions, said)}: ${count} of ${total}`}
              style={{ "--share": String(count / total) }}
              onClick={() => onCell(mine)}
            >
              {count.toLocaleString()}
            </button>
          </td>
        );
      })}
    </tr>
  );
}

/** One cell of the table can be reached by Tab; from there arrows go. */
function isFirst({ cells }: Confusions, places: readonly number[], truth: number, said: number): boolean {
  const row = places.find((place) => places.some((other) => cells[place]?.[other]));
  return truth === row && said === places.find((other) => cells[truth]?.[other]);
}

const STEPS: Record<string, [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Arrows go to the next cell in that direction that has something. */
function step(event: KeyboardEvent): void {
  const by = STEPS[event.key];
  const from = event.target instanceof Element ? event.target.closest<HTMLTableCellElement>("td, th") : null;
  if (!by || !from || !(event.currentTarget instanceof HTMLTableElement)) return;
  event.preventDefault();
  event.stopPropagation();
  const { rows } = event.currentTarget;
  let [row, column] = [(from.parentElement as HTMLTableRowElement).rowIndex, from.cellIndex];
  do [row, column] = [row + by[0], column + by[1]];
  while (rows[row]?.cells[column] && !rows[row]?.cells[column]?.querySelector("button"));
  rows[row]?.cells[column]?.querySelector<HTMLButtonElement>("button")?.focus();
}
