// Over the picture: the way back and on, where one is, how large it is shown.

import { counted } from "../../model/labelling";
import { hint } from "../../model/keys";
import { mode } from "../../state/boxes";
import { isDetector } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import * as sequence from "../../state/sequence";
import { image, index, leave, step } from "../../state/showing";
import { enlarge, fit, isFitted, zoom } from "../../state/zoom";

export function Strip() {
  return (
    <div class="strip" role="toolbar" aria-label="Image">
      <button class="quiet" title={`Back to the images (${hint("leave")})`} onClick={leave}>
        ← Images
      </button>
      <span class="pair">
        <button class="icon" aria-label="The image before" title={`${hint("left")}`} onClick={() => void step(-1)}>
          ‹
        </button>
        <button class="icon" aria-label="The next image" title={hint("next")} onClick={() => void step(1)}>
          ›
        </button>
      </span>
      <Where />
      <b class="name">{image.value?.metadata?.["filename"] ?? ""}</b>
      <span class="grow" />
      {isDetector.value && <Modes />}
      <span class="pair">
        <button class="icon" aria-label="Smaller" title={hint("smaller")} onClick={() => enlarge(-1)}>
          −
        </button>
        <button class="percent" aria-label={`Fit the picture, now ${percent()}`} aria-pressed={isFitted.value} title={`Fit (${hint("fit")})`} onClick={fit}>
          {isFitted.value ? "Fit" : percent()}
        </button>
        <button class="icon" aria-label="Larger" title={hint("larger")} onClick={() => enlarge(1)}>
          +
        </button>
      </span>
    </div>
  );
}

const percent = () => `${Math.round(zoom.value.factor * 100)} %`;

function Where() {
  const { value: total } = sequence.total;
  if (total === null) return null;
  const text = index.value < 0 ? counted(total, "image") : `${(index.value + 1).toLocaleString()} of ${total.toLocaleString()}`;
  return <span class="where faint">{text}</span>;
}

function Modes() {
  const why = lacks(LABELERS);
  return (
    <div class="segments" role="group" aria-label="What a press does">
      <button aria-pressed={mode.value === "draw"} disabled={!!why} title={why || hint("draw")} onClick={() => (mode.value = "draw")}>
        Draw
      </button>
      <button aria-pressed={mode.value === "choose"} disabled={!!why} title={why || hint("choose")} onClick={() => (mode.value = "choose")}>
        Choose
      </button>
    </div>
  );
}
