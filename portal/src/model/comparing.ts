// Two iterations beside each other: what is compared, as it stands in the address, and how they differ.

import type { Rates } from "./curves";

export interface Pair {
  a: string;
  b: string;
  threshold: number;
}

const USUAL = 0.5;

export function readPair(text: string): Pair {
  const given = new URLSearchParams(text);
  const threshold = Number(given.get("threshold") || USUAL);
  return { a: given.get("a") ?? "", b: given.get("b") ?? "", threshold: threshold >= 0 && threshold <= 1 ? threshold : USUAL };
}

export function writePair({ a, b, threshold }: Pair): string {
  const written = new URLSearchParams({ a, b });
  if (threshold !== USUAL) written.set("threshold", String(threshold));
  return `?${written}`;
}

/** A tag as both do by it; null by one that does not know it. */
export interface Delta {
  id: string;
  name: string;
  a: Rates | null;
  b: Rates | null;
}

/** By how much b is better than a; null where either is unknown. */
export const gain = (a: number | null | undefined, b: number | null | undefined) => (a === null || a === undefined || b === null || b === undefined ? null : b - a);

/** Those first that lost most, by precision and recall together. */
export function byLoss(deltas: readonly Delta[]): Delta[] {
  const sum = ({ a, b }: Delta) => (gain(a?.precision, b?.precision) ?? 0) + (gain(a?.recall, b?.recall) ?? 0);
  return [...deltas].sort((x, y) => sum(x) - sum(y) || x.name.localeCompare(y.name, undefined, { numeric: true }));
}
