// The images that one is looked at among: those of a query, or those for which an iteration suggests something.

import { computed } from "@preact/signals";
import { readQuery, writeQuery } from "../model/query";
import { readSuggesting } from "../model/suggesting";
import { iterationOf } from "./judging";
import * as pages from "./pages";
import { project } from "./project";
import { search } from "./route";
import { LABELERS, may } from "./session";
import * as suggestions from "./suggestions";
import * as view from "./view";

export const isSuggested = computed(() => readSuggesting(search.value) !== null);
/** The iteration that suggests; the project tells of it some time after it is opened. */
export const iterationId = computed(() => iterationOf(readSuggesting(search.value)?.iterationId ?? "")?.id);
const isKnown = computed(() => !!iterationId.value && !suggestions.loading.value);
/** How many there are; null until that is known. */
export const total = computed(() => (!isSuggested.value ? pages.total.value : isKnown.value ? suggestions.listed.value.length : null));

export const at = (index: number) => (isSuggested.value ? suggestions.listed.value[index] : pages.at(index));
export const indexOf = (id: string) => (isSuggested.value ? suggestions.listed.value.findIndex((image) => image.id === id) : pages.indexOf(id));

/** Have what the address asks for, if it is not there yet. */
export async function open(): Promise<void> {
  const suggesting = readSuggesting(search.value);
  if (suggesting) return iterationId.value && may(LABELERS) ? suggestions.ensure({ ...suggesting, iterationId: iterationId.value }) : undefined;
  const wanted = readQuery(search.value);
  const isOpen = pages.address.value === writeQuery(wanted) && pages.shownOf.value === project.value!.id && pages.total.value !== null;
  if (!isOpen) await pages.open(wanted);
}

/** These come into sight. */
export function need(from: number, to: number): void {
  if (!isSuggested.value) pages.need(from, to);
  else if (to >= suggestions.listed.value.length) void suggestions.loadMore();
}

/** The grid finds the place of an image again. */
export function focusOn(id: string): void {
  const place = isSuggested.value ? suggestions.shown.value.findIndex(({ image }) => image.id === id) : pages.indexOf(id);
  if (place >= 0) (isSuggested.value ? suggestions : view).focus.value = place;
}
