// What comes from elsewhere: a model, by its package; and how iterations did there.

import { useEffect, useState } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { percent } from "../../model/judging";
import { goOn, importModel, judgeImported, looking, pastOf, pasts, readPasts } from "../../state/moving";
import { fail } from "../../state/notices";
import { counts, project } from "../../state/project";
import { go, pathOf } from "../../state/route";
import { lacks, TRAINERS } from "../../state/session";
import { useReading } from "../reading";
import { Empty } from "../states";

export function ImportModel() {
  const [under, setUnder] = useState("");
  const why = lacks(TRAINERS);
  const bring = (file: File) => {
    setUnder(file.name);
    importModel(file)
      .then(({ id, projectId }) => go(pathOf(projectId, "performance", id)))
      .catch((fault) => fail(fault, file.name))
      .finally(() => setUnder(""));
  };
  return (
    <button disabled={!!why || !!under} title={why || "The zip of an ONNX export: of Custom Vision, or with a labels.txt of yours"} aria-busy={!!under} onClick={() => pick(bring)}>
      {under ? `Importing ${under} …` : "Import a model …"}
    </button>
  );
}

function pick(take: (file: File) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".zip";
  input.onchange = () => input.files?.[0] && take(input.files[0]);
  input.click();
}

/** All that is told of before, whether the models came along or not. */
export function Pasts() {
  useReading(readPasts, "What was before the move", project.value?.id);
  if (!pasts.value.length) return null;
  return (
    <section class="names" aria-label="Before the move">
      <h2>Before the move</h2>
      <ul>
        {pasts.value.map(({ id, name, publishName, performance }) => (
          <li key={id}>
            <b>{name}</b>
            <small>
              {figures(performance)}
              {publishName && `, answered as ${publishName}`}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What an imported iteration is judged by, and what it was. */
export function Moved({ iteration }: { iteration: Iteration }) {
  const past = pastOf(iteration);
  if (!iteration.importedFrom) return null;
  return (
    <p class="faint">
      Imported. It may have been trained on images that it is judged by here, with the labels that they had when it came.
      {past && ` Before the move: ${figures(past.performance)}.`}
    </p>
  );
}

export function Unjudged({ iteration, again }: { iteration: Iteration; again: () => void }) {
  const why = lacks(TRAINERS) || (counts.value?.Tagged ? "" : "No image is labelled yet");
  useEffect(() => goOn(iteration), [iteration.id]);
  if (looking.value.has(iteration.id))
    return (
      <Empty title={`${iteration.name} looks at the labelled images`}>
        <progress aria-label="Looking" />
        <p class="faint">How good it is on them shows here by itself. It takes two minutes at most.</p>
      </Empty>
    );
  const judge = () => void judgeImported(iteration).catch((fault) => fail(fault, iteration.name));
  return (
    <Empty title="No labelled image was shown to it yet">
      <p class="faint">It can be published all the same. Label images of its tags to see how good it is on these.</p>
      <button disabled={!!why} title={why} onClick={judge}>
        Show it the labelled images
      </button>
      <button onClick={again}>See again</button>
    </Empty>
  );
}

function figures({ precision, recall, averagePrecision }: { precision: number; recall: number; averagePrecision?: number | null }): string {
  const average = typeof averagePrecision === "number" ? `, average precision ${percent(averagePrecision)}` : "";
  return `precision ${percent(precision)}, recall ${percent(recall)}${average}`;
}
