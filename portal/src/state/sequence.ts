// The images that one is looked at among: those of a query, those for which an iteration suggests something, or a page of
// the live model.

import { computed } from "@preact/signals";
import type { Image } from "../api/client";
import { readQuery, writeQuery } from "../model/query";
import { LIVE, readSuggesting } from "../model/suggesting";
import { iterationOf } from "./judging";
import * as pages from "./pages";
import { project } from "./project";
import { search } from "./route";
import { LABELERS, may } from "./session";
import * as suggestions from "./suggestions";
import * as turned from "./turned";
import * as view from "./view";

const suggesting = computed(() => readSuggesting(search.value));
export const isSuggested = computed(() => suggesting.value !== null);
const isLive = computed(() => suggesting.value?.iterationId === LIVE);
/** The iteration that suggests; the project tells of it some time after it is opened. */
export const iterationId = computed(() => (isLive.value ? LIVE : iterationOf(suggesting.value?.iterationId ?? "")?.id));
/** What was suggested, labelled or not, and what of it waits for a word. */
const list = computed(() => (isLive.value ? turned : suggestions));
const isKnown = computed(() => !!iterationId.value && !list.value.loading.value);
/** How many there are; null until that is known. */
export const total = computed(() => (!isSuggested.value ? pages.total.value : isKnown.value ? list.value.listed.value.length : null));

export const at = (index: number) => (isSuggested.value ? list.value.listed.value[index] : pages.at(index));
export const indexOf = (id: string) => (isSuggested.value ? placeOf(list.value.listed.value, id) : pages.indexOf(id));

const placeOf = (images: readonly Image[], id: string) => images.findIndex((image) => image.id === id);

/** Have what the address asks for, if it is not there yet. */
export async function open(): Promise<void> {
  const wanted = suggesting.value;
  if (!wanted) return openQuery();
  if (!iterationId.value || !may(LABELERS)) return;
  if (isLive.value) await turned.ensure(wanted.show, wanted.tagId);
  else await suggestions.ensure({ ...wanted, iterationId: iterationId.value });
}

async function openQuery(): Promise<void> {
  const wanted = readQuery(search.value);
  const isOpen = pages.address.value === writeQuery(wanted) && pages.shownOf.value === project.value!.id && pages.total.value !== null;
  if (!isOpen) await pages.open(wanted);
}

/** These come into sight. */
export function need(from: number, to: number): void {
  if (!isSuggested.value) pages.need(from, to);
  else if (!isLive.value && to >= suggestions.listed.value.length) void suggestions.loadMore();
}

/** The grid finds the place of an image again. */
export function focusOn(id: string): void {
  const place = isSuggested.value ? placeOf(list.value.shown.value.map(({ image }) => image), id) : pages.indexOf(id);
  if (place >= 0) (isSuggested.value ? list.value : view).focus.value = place;
}
