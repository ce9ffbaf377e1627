// What can be done to the predictions that are chosen; it is there only while some are.

import type { StoredImagePrediction, Tag } from "../../api/client";
import { hint } from "../../model/keys";
import { labelled, said } from "../../model/judged";
import { NONE, sizeOf } from "../../model/selection";
import { kind } from "../../state/judging";
import { addTag, isDetector, negative, tagOf } from "../../state/project";
import * as predictions from "../../state/predictions";
import { DEPLOYERS, LABELERS, lacks } from "../../state/session";
import { Icon } from "../icon";
import { askForTag } from "../tags/tagname";

/** What counts of a prediction, of tags that are there still. A multiclass one is its surest tag, however sure. */
export function saidOf(row: StoredImagePrediction, from: number) {
  const known = row.predictions.filter(({ tagId }) => tagOf(tagId));
  return said(known, kind.value, kind.value === "Multiclass" ? 0 : from);
}

/** Into the training as the model said. What it said nothing of goes in without a label. */
export const trainAsSaid = (from: number) => predictions.train(predictions.meant(), (row) => labelled(saidOf(row, from), kind.value), "as said");

/** Into the training with another tag; the boxes of a detector stay where they are. */
export const trainAs = (tag: Tag, from: number) => predictions.train(predictions.meant(), (row) => labelled(saidOf(row, from), kind.value, tag.id), `as ${tag.name}`);

/** Nothing of interest is there. */
export async function trainAsNothing(): Promise<void> {
  const meant = predictions.meant();
  if (isDetector.value) return predictions.train(meant, () => ({ background: true }), "as background");
  const tag = negative.value ?? (await addTag("Negative", "Negative"));
  if (tag) predictions.train(meant, () => ({ tagIds: [tag.id] }), `as ${tag.name}`);
}

export function Actions({ from }: { from: number }) {
  const count = sizeOf(predictions.selection.value, predictions.rows.value?.length ?? 0);
  if (!count) return null;
  const [label, deploy] = [lacks(LABELERS), lacks(DEPLOYERS)];
  return (
    <div class="selectionbar" role="toolbar" aria-label="Chosen predictions">
      <b>{count.toLocaleString()} chosen</b>
      <button class="primary" disabled={!!label} title={label} onClick={() => trainAsSaid(from)}>
        Into training as said <kbd>{hint("accept")}</kbd>
      </button>
      <button disabled={!!label} title={label} onClick={() => askForTag((tag) => trainAs(tag, from))}>
        <kbd>{hint("name")}</kbd> With a tag …
      </button>
      <button disabled={!!deploy} title={deploy} onClick={() => predictions.remove(predictions.meant())}>
        <Icon name="bin" /> Delete
      </button>
      <button class="icon" aria-label="Choose none" title="Esc" onClick={() => (predictions.selection.value = NONE)}>
        ✕
      </button>
    </div>
  );
}
