// Keys that work everywhere.

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

/** The field of the screen, else the one of the images. */
function search(): void {
  if (!field() && route.value.projectId) go(pathOf(route.value.projectId, "images"));
  requestAnimationFrame(() => field()?.focus());
}
