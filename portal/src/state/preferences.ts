// What a person has chosen on this machine, kept between visits. Nothing of it is a secret.

import { effect, signal } from "@preact/signals";

interface Preferences {
  theme: "auto" | "light" | "dark";
  cell: number;
  singleKeys: boolean;
  keys: Record<string, string>;
  keepZoom: boolean;
  proposals: boolean;
  fileNames: boolean;
  /** The projects that train quietly by their ids, with the iterations that came of it. */
  quiet: Record<string, readonly string[]>;
}

const PLACE = "ocellus.preferences";
const USUAL: Preferences = { theme: "auto", cell: 148, singleKeys: true, keys: {}, keepZoom: false, proposals: true, fileNames: true, quiet: {} };

export const preferences = signal<Preferences>({ ...USUAL, ...read() });

export function prefer(changes: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...changes };
  localStorage.setItem(PLACE, JSON.stringify(preferences.value));
}

function read(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? "{}");
  } catch {
    return {};
  }
}

effect(() => {
  const { theme } = preferences.value;
  document.documentElement.style.colorScheme = theme === "auto" ? "light dark" : theme;
});
