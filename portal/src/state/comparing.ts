// Two iterations on the images that both were judged by, as the service compares them.

import { signal } from "@preact/signals";
import { send } from "../api/send";
import type { Delta, Pair } from "../model/comparing";
import type { Rates } from "../model/curves";
import { project } from "./project";

interface ComparedImage {
  id: string;
  thumbnailUri: string;
}

export interface Comparison {
  images: number;
  a: Rates;
  b: Rates;
  tags: Delta[];
  fixed: number;
  broken: number;
  fixedImages: ComparedImage[];
  brokenImages: ComparedImage[];
}

/** With what it is of: another may be on its way. */
export const comparison = signal<{ pair: Pair; found: Comparison } | null>(null);
export const fault = signal<unknown>(null);

let wanted = "";

export async function compare(pair: Pair): Promise<void> {
  wanted = JSON.stringify(pair);
  const mine = wanted;
  try {
    const found = await send<Comparison>("GET", `/ocellus/v1/projects/${project.value!.id}/iterations/compare`, { query: pair });
    if (mine !== wanted) return;
    comparison.value = { pair, found };
    fault.value = null;
  } catch (refused) {
    if (mine === wanted) fault.value = refused;
  }
}

export const isOf = (pair: Pair) => JSON.stringify(comparison.value?.pair) === JSON.stringify(pair);
