// How pictures are varied for a training, as Custom Vision's projects have it.

import { useState } from "preact/hooks";
import * as client from "../../api/client";
import type { Project } from "../../api/client";
import { fail } from "../../state/notices";
import { project } from "../../state/project";
import { lacks, TRAINERS } from "../../state/session";

const NAMES: Record<string, string> = { padtosquare: "pad to a square", "horizontal flip": "flip left and right" };

export function Augmentation() {
  const [busy, setBusy] = useState(false);
  const methods = project.value!.settings.imageProcessingSettings.augmentationMethods ?? {};
  const why = lacks(TRAINERS);
  const change = async (name: string, on: boolean) => {
    const before = project.value!;
    const settings = { ...before.settings, imageProcessingSettings: { augmentationMethods: { ...methods, [name]: on } } };
    const show = (shown: Project) => project.value?.id === before.id && (project.value = shown);
    show({ ...before, settings });
    setBusy(true);
    await client.updateProject(before.id, { settings: { imageProcessingSettings: settings.imageProcessingSettings } }).then(show, (fault) => (show(before), fail(fault, "Augmentation")));
    setBusy(false);
  };
  if (!Object.keys(methods).length) return null;
  return (
    <details class="card" aria-label="Augmentation">
      <summary>
        <h2>Augmentation</h2>
      </summary>
      <p class="faint">Kept with the project for programs that read it, and it travels with a copy. Trainings here vary pictures in their own, measured way.</p>
      <div class="methods">
        {Object.entries(methods).map(([name, on]) => (
          <label key={name} class="check">
            <input type="checkbox" checked={on} disabled={!!why || busy} title={why} onChange={(event) => void change(name, event.currentTarget.checked)} />
            {NAMES[name] ?? name}
          </label>
        ))}
      </div>
    </details>
  );
}
