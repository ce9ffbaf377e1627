// Keys that work everywhere.

import { useKeys } from "../keyboard";
import { showHelp } from "./help";
import { redo, undo } from "../../state/outbox";
import { project } from "../../state/project";
import { BASE, go, pathOf } from "../../state/route";

const SCREENS = ["images", "train", "performance", "predictions", "cameras", "test", "settings"];

export function CommandKeys() {
  const to = (screen: string) => () => (project.value ? go(pathOf(project.value.id, screen)) : false);
  useKeys("everywhere", {
    ...Object.fromEntries(SCREENS.map((screen) => [screen, to(screen)])),
    projects: () => go(BASE),
    help: showHelp,
    undo: () => undo(),
    redo: () => redo(),
  });
  return null;
}
