// What is looked at of an iteration's performance, as it stands in the address, and what its figures say.

import type { Confusions, ImagePerformance, PerformanceCurves, Prediction } from "../api/client";
import { at, best, f1, type Rates } from "./curves";

/** Instead of a tag's id: nothing was there, or nothing was said. */
export const NOTHING = "none";

/** Images by what was true and what was said of them; of what is not given anything. */
export interface Cell {
  truth?: string;
  said?: string;
  wrong?: boolean;
}

export interface Look {
  threshold: number;
  overlap: number;
  /** The tag whose curve is drawn beside that of all. */
  tag: string;
  cell: Cell | null;
}

export const USUAL: Look = { threshold: 0.5, overlap: 0.3, tag: "", cell: null };

export function readLook(text: string): Look {
  const given = new URLSearchParams(text);
  const [truth, said, wrong] = [given.get("truth"), given.get("said"), given.get("wrong") === "true"];
  const cell = truth || said || wrong ? { ...(truth ? { truth } : {}), ...(said ? { said } : {}), ...(wrong ? { wrong } : {}) } : null;
  return { threshold: fraction(given.get("threshold"), USUAL.threshold), overlap: fraction(given.get("overlap"), USUAL.overlap), tag: given.get("tag") ?? "", cell };
}

function fraction(text: string | null, usual: number): number {
  const value = Number(text);
  return text && value >= 0 && value <= 1 ? Math.round(value * 100) / 100 : usual;
}

/** Without what is as usual; with its question mark, or empty. */
export function writeLook({ threshold, overlap, tag, cell }: Look): string {
  const written = new URLSearchParams();
  if (threshold !== USUAL.threshold) written.set("threshold", String(threshold));
  if (overlap !== USUAL.overlap) written.set("overlap", String(overlap));
  if (tag) written.set("tag", tag);
  if (cell?.truth) written.set("truth", cell.truth);
  if (cell?.said) written.set("said", cell.said);
  if (cell?.wrong) written.set("wrong", "true");
  const text = written.toString();
  return text ? `?${text}` : "";
}

export const sameCell = (a: Cell | null, b: Cell | null) => a?.truth === b?.truth && a?.said === b?.said && !a?.wrong === !b?.wrong;

export interface Row extends Rates {
  id: string;
  name: string;
  truths: number;
  averagePrecision: number | null;
}

export const rowsAt = (curves: PerformanceCurves, threshold: number): Row[] =>
  curves.tags.map((tag) => ({ id: tag.id, name: tag.name, truths: tag.truths, averagePrecision: tag.averagePrecision, ...at(tag, threshold) }));

export type Column = "name" | "precision" | "recall" | "averagePrecision" | "truths";

/** What is not known comes last, whichever way it is sorted. */
export function sorted(rows: readonly Row[], column: Column, down: boolean): Row[] {
  const sign = down ? -1 : 1;
  const byName = (a: Row, b: Row) => a.name.localeCompare(b.name, undefined, { numeric: true });
  const compared = (a: Row, b: Row) => {
    if (column === "name") return sign * byName(a, b);
    const [x, y] = [a[column], b[column]];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || byName(a, b);
    return sign * (x - y) || byName(a, b);
  };
  return [...rows].sort(compared);
}

/** The places of tags in the order of the mistakes that they take part in, the most first; in their own order again. */
export function confused(cells: readonly (readonly number[])[], most: number): number[] {
  const tags = Array.from({ length: Math.max(cells.length - 1, 0) }, (_, place) => place);
  if (tags.length <= most) return tags;
  const mistakes = (tag: number) => cells.reduce((sum, row, truth) => sum + row.reduce((all, count, said) => all + (truth !== said && (truth === tag || said === tag) ? count : 0), 0), 0);
  const ranked = tags.map((tag) => ({ tag, mistakes: mistakes(tag) })).sort((a, b) => b.mistakes - a.mistakes || a.tag - b.tag);
  return ranked.slice(0, most).map(({ tag }) => tag).sort((a, b) => a - b);
}

/** How many mistakes there are. */
export const mistakesOf = ({ cells }: Confusions) => cells.reduce((sum, row, truth) => sum + row.reduce((all, count, said) => all + (truth === said ? 0 : count), 0), 0);

export interface Verdict {
  /** The ids of true tags; none where nothing was there. */
  truths: readonly string[];
  said: Prediction | null;
}

/** What was said of an image, as far as a cell is about it. */
export function verdict(image: ImagePerformance, cell: Cell, threshold: number): Verdict {
  const has = image.tags.map(({ tagId }) => tagId);
  const truths = cell.truth ? (cell.truth === NOTHING ? [] : [cell.truth]) : has;
  const loud = image.predictions.filter(({ probability }) => probability >= threshold);
  if (cell.said === NOTHING) return { truths, said: null };
  const said = cell.said ? loud.find(({ tagId }) => tagId === cell.said) : (loud.find(({ tagId }) => !truths.includes(tagId)) ?? (cell.wrong ? undefined : loud[0]));
  return { truths, said: said ?? null };
}

/** 0.917 is 91.7 %. */
export const percent = (value: number | null | undefined, digits = 1) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(digits)} %`);

/** How good an iteration is in a few words: at the threshold that is usual, and at the best one where that is another. */
export function headline({ overall }: PerformanceCurves, imported: boolean): string {
  const rates = (threshold: number) => `precision ${percent(at(overall, threshold).precision)} and recall ${percent(at(overall, threshold).recall)} at the threshold ${threshold.toFixed(2)}`;
  const good = best(overall);
  const isBetter = (f1(at(overall, good)) ?? 0) > (f1(at(overall, USUAL.threshold)) ?? 0);
  const of = imported ? "images that it may have learned from" : "images that it did not learn from";
  return `On ${of}: ${rates(USUAL.threshold)}${isBetter ? `; at its best balance ${rates(good)}` : ""}.`;
}

/** A difference in points, with its sign. */
export const points = (value: number) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${Math.abs(100 * value).toFixed(1)}`;
