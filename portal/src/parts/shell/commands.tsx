// Keys that work everywhere, and the table of all keys.

import { options } from "preact";
import { useKeys } from "../keyboard";
import { later } from "../later";
import { help, isHelping } from "../../state/helping";
import { redo, undo } from "../../state/outbox";
import { BASE, go, pathOf, route } from "../../state/route";

const Help = later(() => import("./help"), "Help");
const SCREENS = ["images", "train", "performance", "predictions", "cameras", "test", "settings"];

export function CommandKeys() {
  const to = (screen: string) => () => (route.value.projectId ? go(pathOf(route.value.projectId, screen)) : false);
  useKeys("everywhere", {
    ...Object.fromEntries(SCREENS.map((screen) => [screen, to(screen)])),
    projects: () => go(BASE),
    help,
    search,
    undo: () => undo(),
    redo: () => redo(),
  });
  return isHelping.value ? <Help /> : null;
}

const field = () => document.querySelector<HTMLInputElement>("[type=search]");

/** The field of the screen, else the one of the images; at once, as the letters to look for are on their way. */
function search(): void {
  const { projectId } = route.value;
  if (!field() && projectId) rendered(() => go(pathOf(projectId, "images")));
  field()?.focus();
}

/** Renders what it changes before it returns. */
function rendered(change: () => void): void {
  const later = options.debounceRendering;
  options.debounceRendering = (render) => render();
  try {
    change();
  } finally {
    options.debounceRendering = later;
  }
}
