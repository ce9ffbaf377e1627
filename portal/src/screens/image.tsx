// One image: its tags, or the boxes on it.

import { useEffect, useLayoutEffect } from "preact/hooks";
import "../parts/image/image.css";
import { BoxList } from "../parts/image/boxlist";
import { Details } from "../parts/image/details";
import { Guesses } from "../parts/image/guesses";
import { askByName, give, nothing, useImageKeys } from "../parts/image/imagekeys";
import { BoxLayer } from "../parts/image/layer";
import { Stage } from "../parts/image/stage";
import { Strip } from "../parts/image/strip";
import { TagChoice } from "../parts/image/tagchoice";
import { QuietPanel } from "../parts/live/quiet";
import { Empty, Fault } from "../parts/states";
import { TagByName } from "../parts/tags/tagname";
import * as boxes from "../state/boxes";
import { preferences } from "../state/preferences";
import { isDetector } from "../state/project";
import * as sequence from "../state/sequence";
import { fault, id, image, index, isSeen, leave, open } from "../state/showing";
import { fit } from "../state/zoom";

export function OneImage() {
  const { value: shown } = id;
  useImageKeys();
  useLeaving(shown);
  useEffect(() => void open(shown), [shown, sequence.isSuggested.value && sequence.iterationId.value]);
  useEffect(() => {
    if (index.value >= 0) sequence.focusOn(shown);
  }, [index.value]);
  if (fault.value && !image.value) return <Fault fault={fault.value} again={() => void open(shown)} />;
  if (sequence.total.value === 0 && !image.value) return <Gone />;
  return (
    <div class="image" onClick={handBack}>
      <section class="work" aria-label="Image" aria-busy={!isSeen.value}>
        <Strip />
        <Stage>{isDetector.value && <BoxLayer />}</Stage>
      </section>
      <aside class="panel" aria-label="Labels">
        {!isDetector.value && <Guesses />}
        <TagChoice give={give} byName={askByName} nothing={nothing} />
        {isDetector.value && <BoxList />}
        <Details />
        {isDetector.value && <QuietPanel />}
      </aside>
      <TagByName />
    </div>
  );
}

/** A button that was clicked leaves Space and Enter to the picture. */
function handBack(event: MouseEvent): void {
  if (event.detail && event.target instanceof Element && event.target.closest("button")) document.querySelector<HTMLElement>(".stage")?.focus();
}

function Gone() {
  return (
    <Empty title="There is no image here">
      <button onClick={leave}>Back to the images</button>
    </Empty>
  );
}

/** What keys have changed is saved before the image is left, or the page. */
function useLeaving(shown: string): void {
  useLayoutEffect(() => {
    if (!preferences.value.keepZoom) fit();
    return boxes.forget;
  }, [shown]);
  useEffect(() => {
    addEventListener("pagehide", boxes.settle);
    return () => removeEventListener("pagehide", boxes.settle);
  }, []);
}
