// A picture with all that a model says of it: its boxes on it, and bars beside it.

import { useState } from "preact/hooks";
import type { Prediction } from "../../api/client";
import { boxOf, percent } from "../../model/judged";
import { tagName } from "../../state/project";
import { colourOf } from "../grid/picture";
import "./judged.css";

interface PictureProps {
  uri: string;
  name: string;
  said: readonly Prediction[];
  /** The place of the one that is pointed at. */
  pointed?: number | null;
}

export function JudgedPicture({ uri, name, said, pointed = null }: PictureProps) {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const measure = ({ naturalWidth: width, naturalHeight: height }: HTMLImageElement) => setSize({ width, height });
  return (
    <div class="looked" style={{ aspectRatio: size.width ? `${size.width} / ${size.height}` : undefined, maxWidth: size.width ? `calc(var(--tall) * ${size.width / size.height})` : undefined }}>
      <img key={uri} src={uri} alt={name} onLoad={(event) => measure(event.currentTarget)} />
      <Frames said={said} pointed={pointed} />
    </div>
  );
}

/** Boxes with their names, over a picture of the same proportions. */
export function Frames({ said, pointed }: { said: readonly Prediction[]; pointed?: number | null }) {
  return (
    <>
      {said.map((each, place) => {
        const box = boxOf(each);
        if (!box) return null;
        const style = { left: `${box.left * 100}%`, top: `${box.top * 100}%`, width: `${box.width * 100}%`, height: `${box.height * 100}%`, "--colour": colourOf(each.tagId) };
        return (
          <div key={place} class={`frame${pointed === place ? " pointed" : ""}${box.top < 0.06 ? " low" : ""}`} style={style} aria-hidden="true">
            <span>
              {tagName(each.tagId) || each.tagName} {Math.round(each.probability * 100)}
            </span>
          </div>
        );
      })}
    </>
  );
}

interface BarsProps {
  predictions: readonly Prediction[];
  threshold: number;
  onPoint?: (place: number | null) => void;
}

/** The surest first; what is under the threshold is dimmed. */
export function Bars({ predictions, threshold, onPoint }: BarsProps) {
  return (
    <ol class="bars" aria-label="What it says">
      {predictions.map((each, place) => (
        <li key={place} class={each.probability < threshold ? "under" : ""} onPointerEnter={() => onPoint?.(place)} onPointerLeave={() => onPoint?.(null)}>
          <i style={{ background: colourOf(each.tagId) }} />
          <span class="name" title={tagName(each.tagId) || each.tagName}>
            {tagName(each.tagId) || each.tagName}
          </span>
          <b>{percent(each.probability)}</b>
          <span class="meter" aria-hidden="true">
            <i style={{ width: `${each.probability * 100}%`, background: colourOf(each.tagId) }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
