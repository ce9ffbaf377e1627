// What can be done to the images that are chosen; it is there only while some are.

import type { Tag } from "../../api/client";
import { ALL, NONE, sizeOf } from "../../model/selection";
import { hint } from "../../model/keys";
import { seeLike } from "../../state/alike";
import { deleteMeant } from "../../state/labelling";
import * as pages from "../../state/pages";
import { isDetector } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { meant, selection } from "../../state/view";
import { Icon } from "../icon";
import { askForTag } from "../tags/tagname";

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
        <>
          <span class="faint">
            <kbd>1</kbd>–<kbd>9</kbd> tag
          </span>
          <button disabled={!!why} title={why} onClick={() => askForTag(give)}>
            <kbd>T</kbd> Tag …
          </button>
        </>
      )}
      {!isDetector.value && count === 1 && (
        <button onClick={() => seeLike(meant()[0]?.id)}>
          <kbd>{hint("similar")}</kbd> Find similar
        </button>
      )}
      <button disabled={!!why} title={why} onClick={() => void deleteMeant()}>
        <Icon name="bin" /> Delete
      </button>
      <button class="icon" aria-label="Choose none" title="Esc" onClick={() => (selection.value = NONE)}>
        ✕
      </button>
    </div>
  );
}
