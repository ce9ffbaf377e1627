// Whether a detector trains quietly, and what it waits for.

import { counted } from "../../model/labelling";
import { TRAINERS, lacks, limits } from "../../state/session";
import { awaited, isOn, toggle, trainable } from "../../state/quiet";
import { underway } from "../../state/training";
import "./live.css";

export function QuietPanel() {
  const why = lacks(TRAINERS);
  return (
    <section class="livepanel" aria-label="Quiet training">
      <label class="check">
        <input type="checkbox" checked={isOn.value} disabled={!!why} title={why} onChange={toggle} />
        Train quietly
      </label>
      <p class="faint" role="status">
        {isOn.value ? standing() : "Quick trainings begin by themselves while you draw, so that better boxes are suggested."}
      </p>
    </section>
  );
}

function standing(): string {
  const [going] = underway.value;
  if (going) return `${going.name} is in training, ${Math.round(100 * (going.trainingProgress ?? 0))} %`;
  if (!trainable.value.length) return `It begins once a tag has ${counted(limits.value?.imagesPerTagDraft ?? 1, "image")} with boxes.`;
  return awaited.value === null ? "…" : `${counted(awaited.value, "more image")} with boxes, and it trains.`;
}
