// A picture of a page of the live model: what is suggested for it, or its tags and the one that fits better.

import { hasTag } from "../../model/changes";
import { predicted } from "../../state/advice";
import { tagName } from "../../state/project";
import * as turned from "../../state/turned";
import type { Row } from "../../state/turned";
import { colourOf, nameOf, Picture } from "../grid/picture";
import type { Cell } from "../grid/tile";
import { Face, inWords } from "../judged/face";

export function cellOf(index: number): Cell {
  const row = turned.shown.value[index];
  if (!row) return { row: null, face: () => null, name: "not loaded yet", selected: false };
  return turned.kind.value === "doubt" ? doubted(row) : suggested(row);
}

function suggested(row: Row): Cell {
  const { image } = row;
  const said = predicted(row);
  const isPage = turned.kind.value === "confirm";
  const out = isPage && turned.isOut(row);
  const name = nameOf(image).replace(/, untagged$/, "");
  const words = said.length ? `${out ? "left out" : "suggested"}: ${inWords(said)}` : "untagged";
  const face = () => (
    <>
      <Face uri={image.thumbnailUri} said={said} out={out} />
      {isPage && <Mark row={row} out={out} />}
    </>
  );
  return { row: image, face, name: `${name}, ${words}`, selected: false };
}

function Mark({ row, out }: { row: Row; out: boolean }) {
  const toggle = (event: Event) => (event.stopPropagation(), turned.toggleOut(row));
  return <span class={`outmark${out ? " back" : ""}`} aria-hidden="true" title={out ? "Take it in again (X)" : "Leave it out (X)"} onClick={toggle} />;
}

function doubted(row: Row): Cell {
  const { image, tagId } = row;
  const isOne = hasTag(image, tagId);
  const face = () => (
    <>
      <Picture image={image} />
      <span class="chips doubt">
        <span class="chip">
          <i style={{ background: colourOf(tagId) }} />
          <span class={isOne ? "other gone" : "other"} data-name={tagName(tagId)} />
        </span>
      </span>
    </>
  );
  return { row: image, face, name: `${nameOf(image)}; ${isOne ? "not" : "rather"} ${tagName(tagId)}?`, selected: false };
}
