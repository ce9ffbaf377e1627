// The tags beside a picture, with their digits: which of them it has, or which one the next box gets.

import type { Tag } from "../../api/client";
import { hasTag } from "../../model/changes";
import { hint } from "../../model/keys";
import { armed, chosenBox, nextTag } from "../../state/boxes";
import { isDetector, negative, regular, tagName } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { image } from "../../state/showing";
import { colourOf } from "../grid/picture";
import { OneStop } from "../onestop";

interface Props {
  give: (tag: Tag) => void;
  byName: () => void;
  nothing: () => void;
}

export function TagChoice({ give, byName, nothing }: Props) {
  const why = lacks(LABELERS);
  const all = [...regular.value, ...(negative.value && !isDetector.value ? [negative.value] : [])];
  return (
    <section aria-label="Tags">
      <h2>Tags</h2>
      {isDetector.value && <Meaning />}
      <OneStop label="Tags" main=".pick">
        <ul class="rows choice">
          {all.map((tag, place) => (
            <li key={tag.id}>
              <button class="pick" disabled={!!why} title={why || tag.name} aria-pressed={isGiven(tag.id)} onClick={() => give(tag)}>
                <kbd>{tag.type === "Negative" ? "0" : place < 9 ? place + 1 : "·"}</kbd>
                <i style={{ background: colourOf(tag.id) }} />
                <span class="name">{tag.name}</span>
              </button>
            </li>
          ))}
        </ul>
      </OneStop>
      <div class="actions">
        <button disabled={!!why} title={why || "A tag by its name, a new one too"} onClick={byName}>
          <kbd>{hint("name")}</kbd> By name
        </button>
        <button disabled={!!why} title={why} aria-pressed={image.value?.metadata?.["background"] === "true"} onClick={nothing}>
          <kbd>0</kbd> Nothing here
        </button>
      </div>
    </section>
  );
}

/** Of a detector: the tag of the chosen box, else the one that waits for the next. */
function isGiven(tagId: string): boolean {
  if (!isDetector.value) return !!image.value && hasTag(image.value, tagId);
  return (chosenBox.value?.tagId ?? armed.value) === tagId;
}

function Meaning() {
  const text = chosenBox.value ? "A digit gives the chosen box its tag." : nextTag.value ? `The next box is ${tagName(nextTag.value)}.` : "The first box asks for a tag.";
  return <p class="faint">{text}</p>;
}
