// What the newest iteration, or before one the live model, takes the picture for.

import { useEffect } from "preact/hooks";
import type { Prediction } from "../../api/client";
import { hint } from "../../model/keys";
import { tagIds } from "../../model/changes";
import { isOffered, stand } from "../../state/live";
import { isMulticlass, tagName, tagOf } from "../../state/project";
import { LABELERS, lacks, may } from "../../state/session";
import { id, image } from "../../state/showing";
import { guesses, isLeftOut, least, source, toggleLeftOut } from "../../state/advice";
import { toggleTag } from "../../state/labelling";
import { colourOf } from "../grid/picture";
import { OneStop } from "../onestop";
import { percentOf } from "./layer";

const open = () => guesses.value.filter(({ tagId }) => !isLeftOut(id.value, tagId));
/** What Enter accepts: the surest, and where an image may have several tags, all that are likely. */
const offered = () => (isMulticlass.value ? open().slice(0, 1) : open().filter(({ probability }) => probability >= least.value));

export function acceptGuesses(): void {
  const { value: shown } = image;
  for (const { tagId } of shown ? offered() : []) toggleTag([image.value!], tagOf(tagId)!);
}

/** Leave the surest out that is not left out yet. */
export function rejectGuess(): boolean {
  const [first] = open();
  if (first) toggleLeftOut(id.value, first.tagId);
  return !!first;
}

export function Guesses() {
  useEffect(() => void (isOffered.value && stand()), [id.value]);
  if (!source.value) return <p class="faint">Label images of two tags, and tags are suggested here.</p>;
  if (!image.value || tagIds(image.value).length || !guesses.value.length) return null;
  const taken = new Set(offered().map(({ tagId }) => tagId));
  return (
    <section aria-label="Suggested tags">
      <h2>Suggested</h2>
      <OneStop label="Suggested tags" main=".pick">
        <ul class="rows">
          {guesses.value.map((guess) => (
            <Guess key={guess.tagId} guess={guess} isOffered={taken.has(guess.tagId)} />
          ))}
        </ul>
      </OneStop>
      {taken.size > 0 && (
        <p class="faint">
          <kbd>{hint("accept")}</kbd> takes what is marked, <kbd>{hint("reject")}</kbd> leaves it out
        </p>
      )}
    </section>
  );
}

function Guess({ guess: { tagId, probability }, isOffered }: { guess: Prediction; isOffered: boolean }) {
  const out = isLeftOut(id.value, tagId);
  const name = tagName(tagId);
  const take = () => void (may(LABELERS) && image.value && toggleTag([image.value], tagOf(tagId)!));
  return (
    <li class={`guess${isOffered ? " offered" : ""}${out ? " out" : ""}`}>
      <button class="pick" disabled={!!lacks(LABELERS)} title={lacks(LABELERS)} onClick={take}>
        <i style={{ background: colourOf(tagId) }} />
        <span class="name">{name} </span>
        <small>{percentOf(probability)}</small>
        <span class="amount" aria-hidden="true" style={{ "--share": percentOf(probability).replace(" ", ""), "--filled": colourOf(tagId) }} />
      </button>
      <button class="quiet icon" aria-pressed={out} aria-label={out ? `Take ${name} back in` : `Leave ${name} out`} title={hint("reject")} onClick={() => toggleLeftOut(id.value, tagId)}>
        ✕
      </button>
    </li>
  );
}
