// One stored prediction, large: its picture, all that was said of it, when and by whom.

import { useState } from "preact/hooks";
import type { StoredImagePrediction } from "../../api/client";
import { said } from "../../model/judged";
import { kind, titleOf, trained } from "../../state/judging";
import { Dialog } from "../dialog";
import { Bars, JudgedPicture } from "../judged/looked";

interface Props {
  prediction: StoredImagePrediction;
  from: number;
  onClose: () => void;
}

export function Look({ prediction, from, onClose }: Props) {
  const [pointed, setPointed] = useState<number | null>(null);
  const iteration = trained.value.find(({ id }) => id === prediction.iteration);
  const all = said(prediction.predictions, kind.value === "Multiclass" ? "Multilabel" : kind.value, 0);
  const framed = kind.value === "Detector" ? all.filter(({ probability }) => probability >= from) : [];
  const when = new Date(prediction.created).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Dialog wide title={`${iteration ? titleOf(iteration) : "An iteration"}, ${when}`} onClose={onClose}>
      <div class="look">
        <JudgedPicture uri={prediction.originalImageUri} name="what was predicted" said={framed} pointed={pointed} />
        <Bars predictions={all.slice(0, 30)} threshold={from} onPoint={setPointed} />
      </div>
    </Dialog>
  );
}
