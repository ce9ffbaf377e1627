// A picture of a cell with what a model says of it: dashed, as it is no label yet.

import { useState } from "preact/hooks";
import type { Prediction } from "../../api/client";
import { boxOf, percent } from "../../model/judged";
import { tagName } from "../../state/project";
import { colourOf, shortOnCell } from "../grid/picture";
import "./judged.css";

const SHOWN = 3;
/** Letters that the figure behind a name takes. */
const FIGURE = 3;

interface Props {
  uri: string;
  said: readonly Prediction[];
  out?: boolean;
}

export function Face({ uri, said, out }: Props) {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [gone, setGone] = useState("");
  const measure = ({ naturalWidth: width, naturalHeight: height }: HTMLImageElement) => setSize({ width, height });
  return (
    <span class={`judged${out ? " out" : ""}`}>
      {gone === uri ? <span class="lost">picture gone</span> : <img key={uri} src={uri} alt="" draggable={false} decoding="async" onLoad={(event) => measure(event.currentTarget)} onError={() => setGone(uri)} />}
      {size.width > 0 && <Boxes said={said} {...size} />}
      <span class="chips">
        {said.slice(0, SHOWN).map((each, place) => (
          <Chip key={place} said={each} />
        ))}
        {said.length > SHOWN && <span class="chip more" data-more={said.length - SHOWN} />}
      </span>
    </span>
  );
}

const Chip = ({ said: { tagId, tagName: given, probability } }: { said: Prediction }) => (
  <span class="chip said">
    <i style={{ background: colourOf(tagId) }} />
    <span class="name">{shortOnCell(tagName(tagId) || given, FIGURE)}</span> <b>{Math.round(probability * 100)}</b>
  </span>
);

/** Over a picture that fills its cell. */
function Boxes({ said, width, height }: { said: readonly Prediction[]; width: number; height: number }) {
  const boxes = said.flatMap((each) => (boxOf(each) ? [{ ...boxOf(each)!, tagId: each.tagId }] : []));
  if (!boxes.length) return null;
  return (
    <svg class="boxes" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {boxes.map((box, place) => (
        <rect key={place} x={box.left * width} y={box.top * height} width={box.width * width} height={box.height * height} style={{ stroke: colourOf(box.tagId) }} />
      ))}
    </svg>
  );
}

/** What is said, in words. */
export const inWords = (said: readonly Prediction[]) => said.map((each) => `${tagName(each.tagId) || each.tagName} ${percent(each.probability)}`).join(", ");
