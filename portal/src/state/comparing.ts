// Two iterations on the images that both were judged by, as the service compares them.
// The call is written out here: that of api/client would be fetched with what the page needs at first.

import { signal } from "@preact/signals";
import type { IterationComparison } from "../api/client";
import { send } from "../api/send";
import type { Pair } from "../model/comparing";
import { project } from "./project";

/** With what it is of: another may be on its way. */
export const comparison = signal<{ pair: Pair; found: IterationComparison } | null>(null);
export const fault = signal<unknown>(null);

let wanted = "";

export async function compare(pair: Pair): Promise<void> {
  wanted = JSON.stringify(pair);
  const mine = wanted;
  try {
    const found = await send<IterationComparison>("GET", `/ocellus/v1/projects/${project.value!.id}/iterations/compare`, { query: pair });
    if (mine !== wanted) return;
    comparison.value = { pair, found };
    fault.value = null;
  } catch (refused) {
    if (mine === wanted) fault.value = refused;
  }
}

export const isOf = (pair: Pair) => JSON.stringify(comparison.value?.pair) === JSON.stringify(pair);
