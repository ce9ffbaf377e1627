// Keys that work everywhere.

import { options } from "preact";
import { useKeys } from "../keyboard";
import { showHelp } from "./help";
import { redo, undo } from "../../state/outbox";
import { BASE, go, pathOf, route } from "../../state/route";

const SCREENS = ["images", "train", "performance", "predictions", "cameras", "test", "settings"];

export function CommandKeys() {
  const to = (screen: string) => () => (route.value.projectId ? go(pathOf(route.value.projectId, screen)) : false);
  useKeys("everywhere", {
    ...Object.fromEntries(SCREENS.map((screen) => [screen, to(screen)])),
    projects: () => go(BASE),
    help: showHelp,
    search,
    undo: () => undo(),
    redo: () => redo(),
  });
  return null;
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
