// Tag by tag, sortable by every column; those with few images are marked. A tag shows its curve and its mistakes.

import { useState } from "preact/hooks";
import type { PerformanceCurves } from "../../api/client";
import { short } from "../../model/names";
import { percent, rowsAt, sorted, type Column, type Row } from "../../model/judging";
import { threshold } from "../../state/performance";
import { tagOf } from "../../state/project";
import { colourOf } from "../grid/picture";
import { useOneStop } from "../onestop";

interface Props {
  curves: PerformanceCurves;
  tagId: string;
  onTag: (tagId: string) => void;
}

const COLUMNS: [Column, string][] = [
  ["name", "Tag"],
  ["precision", "Precision"],
  ["recall", "Recall"],
  ["averagePrecision", "AP"],
  ["truths", "Judged"],
];
/** With fewer images a tag's figures and its learning are both shaky. */
const FEW = 50;
/** Of a name in its column. */
const LETTERS = 28;

export function TagTable({ curves, tagId, onTag }: Props) {
  const [{ column, down }, setOrder] = useState<{ column: Column; down: boolean }>({ column: "averagePrecision", down: false });
  const rows = useOneStop(".tag");
  const order = (by: Column) => setOrder(by === column ? { column, down: !down } : { column: by, down: false });
  return (
    <section class="card" aria-label="Tags">
      <h2>Tags</h2>
      <div class="scroll">
        <table class="tags">
          <thead>
            <tr>
              {COLUMNS.map(([by, text]) => (
                <th key={by} scope="col" class={by === "name" ? "" : "number"} aria-sort={by === column ? (down ? "descending" : "ascending") : "none"}>
                  <button class="quiet" onClick={() => order(by)}>
                    {text} <span aria-hidden="true">{by === column ? (down ? "↓" : "↑") : ""}</span>
                  </button>
                </th>
              ))}
              <th scope="col" class="number">
                Images
              </th>
            </tr>
          </thead>
          <tbody ref={rows}>
            {sorted(rowsAt(curves, threshold.value), column, down).map((row) => (
              <TagRow key={row.id} row={row} chosen={row.id === tagId} onTag={onTag} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function TagRow({ row, chosen, onTag }: { row: Row; chosen: boolean; onTag: (tagId: string) => void }) {
  const tag = tagOf(row.id);
  const few = tag && tag.imageCount < FEW;
  return (
    <tr class={chosen ? "chosen" : ""}>
      <th scope="row">
        <button class="quiet tag" aria-label={row.name} aria-pressed={chosen} title={`The curve of ${row.name}, and what it was taken for`} onClick={() => onTag(chosen ? "" : row.id)}>
          <i style={{ background: tag ? colourOf(row.id) : "var(--line)" }} />
          <span>{short(row.name, LETTERS)}</span>
        </button>
      </th>
      <Part value={row.precision} />
      <Part value={row.recall} />
      <Part value={row.averagePrecision} />
      <td class="number">{row.truths.toLocaleString()}</td>
      <td class={`number${few ? " few" : ""}`} title={few ? `Fewer than ${FEW}: more images would help ${row.name}` : undefined}>
        {few && (
          <>
            <span aria-hidden="true">!</span>
            <span class="unseen">few</span>{" "}
          </>
        )}
        {tag ? tag.imageCount.toLocaleString() : <small>deleted</small>}
      </td>
    </tr>
  );
}

/** Pixels of a whole bar. */
const PART = 60;

const Part = ({ value }: { value: number | null }) => (
  <td class="number part">
    <span>{percent(value)}</span>
    <i aria-hidden="true" style={{ width: `${PART * (value ?? 0)}px` }} />
  </td>
);
