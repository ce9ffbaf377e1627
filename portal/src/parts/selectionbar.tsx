// What can be done to the images that are chosen; it is there only while some are.

import type { Tag } from "../api/client";
import { ALL, NONE, sizeOf } from "../model/selection";
import { deleteImages } from "../state/labelling";
import * as pages from "../state/pages";
import { isDetector, regular } from "../state/project";
import { LABELERS, lacks } from "../state/session";
import { meant, selection } from "../state/view";
import { Icon } from "./icon";
import { colourOf } from "./picture";
import { askForTag } from "./tagname";

const SHOWN = 9;

export function SelectionBar({ give }: { give: (tag: Tag) => void }) {
  const total = pages.total.value ?? 0;
  const count = sizeOf(selection.value, total);
  if (!count) return null;
  const why = lacks(LABELERS);
  return (
    <div class="selectionbar" role="toolbar" aria-label="Chosen images">
      <b>{count.toLocaleString()} chosen</b>
      {count < total && <button onClick={() => (selection.value = ALL)}>Choose all {total.toLocaleString()}</button>}
      {!isDetector.value && (
        <span class="gives">
          {regular.value.slice(0, SHOWN).map((tag, place) => (
            <button key={tag.id} disabled={!!why} title={why || `Give ${tag.name}, or take it away where all have it`} onClick={() => give(tag)}>
              <kbd>{place + 1}</kbd>
              <i style={{ background: colourOf(tag.id) }} />
              <span class="name">{tag.name}</span>
            </button>
          ))}
          <button disabled={!!why} title={why} onClick={() => askForTag(give)}>
            <kbd>T</kbd> Tag …
          </button>
        </span>
      )}
      <button disabled={!!why} title={why} onClick={() => deleteImages(meant())}>
        <Icon name="bin" /> Delete
      </button>
      <button class="icon" aria-label="Choose none" title="Esc" onClick={() => (selection.value = NONE)}>
        ✕
      </button>
    </div>
  );
}
