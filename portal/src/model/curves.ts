// Precision and recall over the threshold, as the service samples them: at 0, 0.01, ... 1.

export interface Curve {
  precision: readonly (number | null)[];
  recall: readonly (number | null)[];
}

export interface Rates {
  precision: number | null;
  recall: number | null;
}

/** The rates at a threshold, between two samples the lower one: what is said at that threshold at least. */
export function at(curve: Curve, threshold: number): Rates {
  const place = Math.min(Math.max(Math.floor(threshold * (curve.precision.length - 1) + 1e-9), 0), Math.max(curve.precision.length - 1, 0));
  return { precision: curve.precision[place] ?? null, recall: curve.recall[place] ?? null };
}

/** The points of the line of recall (x) and precision (y), from the lowest threshold to the highest. */
export function line(curve: Curve): [number, number][] {
  const points = curve.precision.map((precision, place) => [curve.recall[place] ?? null, precision] as const);
  return points.filter((point): point is [number, number] => point[0] !== null && point[1] !== null).map(([x, y]) => [x, y]);
}

/** The harmonic mean of both; null where either is unknown. */
export function f1({ precision, recall }: Rates): number | null {
  if (precision === null || recall === null) return null;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** The threshold with the best harmonic mean: the middle of the lowest stretch of them. */
export function best(curve: Curve): number {
  const scores = curve.precision.map((precision, place) => f1({ precision, recall: curve.recall[place] ?? null }) ?? -1);
  const first = scores.indexOf(Math.max(...scores));
  const after = scores.findIndex((score, place) => place > first && score !== scores[first]);
  const last = (after < 0 ? scores.length : after) - 1;
  return scores.length > 1 ? Math.floor((first + last) / 2) / (scores.length - 1) : 0;
}
