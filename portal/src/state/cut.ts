// Pictures that are on their way when the page is loaded anew: their names outlive it, the pictures do not.

import { store } from "./waiting";

export interface Cut {
  /** The project, by its name. */
  into: string;
  count: number;
  /** The first of them. */
  names: readonly string[];
}

const PLACE = "ocellus.uploading";
const NAMED = 500;

/** Remember what is going. */
export function keep(into: string, going: ReadonlySet<File>): void {
  const names = [...going].slice(0, NAMED).map(({ name }) => name);
  if (going.size) store(PLACE, { into, count: going.size, names });
  else sessionStorage.removeItem(PLACE);
}

/** What a reload cut off; null where nothing was, and once it was asked for. */
export function cut(): Cut | null {
  const kept: Cut | null = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  sessionStorage.removeItem(PLACE);
  return kept;
}
