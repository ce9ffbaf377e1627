// What the keys do at one image.

import { useEffect } from "preact/hooks";
import type { Tag } from "../../api/client";
import { arrowed, inMiddle } from "../../model/editing";
import { seeLike } from "../../state/alike";
import * as boxes from "../../state/boxes";
import { markNegative, repeatTags, toggleTag } from "../../state/labelling";
import { say } from "../../state/notices";
import { isDetector, isMulticlass } from "../../state/project";
import { LABELERS, may } from "../../state/session";
import { image, isSeen, leave, step } from "../../state/showing";
import { enlarge, fit, frame, isFitted, place, toPicture } from "../../state/zoom";
import { permitted, useKeys } from "../keyboard";
import { byDigit } from "../tags/digits";
import { askForTag } from "../tags/tagname";
import { besideBox } from "./beside";
import { discard } from "./details";
import { acceptGuesses, rejectGuess } from "./guesses";
import { newBox, space } from "./pointing";

export function useImageKeys(): void {
  const label = (then: (pressed: string) => unknown) => permitted(LABELERS, (pressed: string) => (image.value ? then(pressed) : false));
  const ofBoxes = (then: (pressed: string) => unknown) => (pressed: string) => (isDetector.value ? label(then)(pressed) : false);
  useReleases();
  useKeys("image", {
    left: (pressed) => nudged(pressed) || step(-1),
    right: (pressed) => nudged(pressed) || step(1),
    up: nudged,
    down: nudged,
    next: (_, event) => goOn(event),
    leave: back,
    larger: () => enlarge(1),
    smaller: () => enlarge(-1),
    fit,
    similar: () => seeLike(image.value?.id),
    tag: byDigit((tag) => (image.value ? give(tag) : false)),
    name: label(askByName),
    negative: label(nothing),
    accept: label(() => accept()),
    reject: label(() => (isDetector.value ? boxes.refuseGuess() || (boxes.isSuggested(boxes.chosen.value) && boxes.remove()) : rejectGuess())),
    repeat: label(() => (isDetector.value ? boxes.repeat() : repeatTags([image.value!]) && step(1))),
    delete: label(() => (isDetector.value ? boxes.remove() : discard())),
    draw: ofBoxes(() => {
      boxes.mode.value = "draw";
      boxes.chosen.value = "";
      boxes.placing.value = true;
    }),
    choose: ofBoxes(() => void (boxes.mode.value = "choose")),
    duplicate: ofBoxes(boxes.duplicate),
    copy: () => (!isDetector.value || getSelection()?.isCollapsed === false ? false : boxes.copy()),
    paste: ofBoxes(boxes.paste),
    nextBox: (_, event) => tabbed(event, 1),
    previousBox: (_, event) => tabbed(event, -1),
    nudge: ofBoxes(nudged),
    size: ofBoxes(nudged),
    hide: () => void (boxes.hidden.value = isDetector.value),
    undo: () => (boxes.settle(), false),
    redo: () => (boxes.settle(), false),
  });
}

/** A tag for the chosen box or the next ones; for a picture, which is done then where it has one tag only. */
export function give(tag: Tag): void {
  if (isDetector.value) return boxes.giveTag(tag.id);
  const { value: shown } = image;
  if (shown && toggleTag([shown], tag) && isMulticlass.value) void step(1);
}

/** Beside the chosen box, if there is one. */
export const askByName = () => askForTag(give, { place: boxes.chosenBox.value && besideBox(boxes.chosenBox.value) });

export function nothing(): void {
  const { value: shown } = image;
  if (!shown) return;
  if (isDetector.value && boxes.boxes.value.length) return void say("There are boxes on this image: delete them first, then press 0.");
  if (markNegative([shown])) void step(1);
}

/** A box in the middle of what is seen, the tag that the chosen box looks like, or all that is suggested, and on. */
function accept(): void {
  if (boxes.placing.value) {
    boxes.placing.value = false;
    return newBox(inMiddle(toPicture({ x: frame.value.width / 2, y: frame.value.height / 2 })));
  }
  if (boxes.takeGuess() || !isSeen.value) return;
  if (isDetector.value) boxes.acceptAll();
  else acceptGuesses();
  void step(1);
}

/** One step back: out of what is half done, of what is chosen, of the image. */
function back(): void {
  if (boxes.cancel()) return;
  if (boxes.chosen.value) boxes.chosen.value = "";
  else if (boxes.armed.value) boxes.armed.value = "";
  else leave();
}

function nudged(pressed: string): boolean {
  const { value: shown } = image;
  if (!shown || !boxes.chosenBox.value || !may(LABELERS)) return false;
  boxes.edit((box) => arrowed(box, pressed, shown, place.value ?? shown));
  return true;
}

/** Tab goes through the boxes while the picture has the focus, and then on to what comes after it. */
function tabbed({ target }: KeyboardEvent, by: 1 | -1): boolean {
  const isHere = isDetector.value && target instanceof Element && (target === document.body || !!target.closest(".stage"));
  return isHere && boxes.chooseNext(by);
}

/** Space goes on; where there is something to pull the picture about for, only when it is let go without a pull. */
function goOn(event: KeyboardEvent): void {
  if (event.repeat) return;
  if (isFitted.value && !isDetector.value) return void step(1);
  space.held = true;
  space.pulled = false;
}

/** What is held down ends when it is let go. */
function useReleases(): void {
  useEffect(() => {
    const released = ({ key }: KeyboardEvent) => {
      if (key === " " && space.held) {
        space.held = false;
        if (!space.pulled) void step(1);
      }
      if (key.toLowerCase() === "h") boxes.hidden.value = false;
    };
    const lost = () => {
      space.held = false;
      boxes.hidden.value = false;
    };
    addEventListener("keyup", released);
    addEventListener("blur", lost);
    return () => {
      removeEventListener("keyup", released);
      removeEventListener("blur", lost);
    };
  }, []);
}
