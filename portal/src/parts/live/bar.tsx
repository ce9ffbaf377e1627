// What the live model is asked for, and what the keys do with its answer.

import { hint } from "../../model/keys";
import { counted } from "../../model/labelling";
import type { Status } from "../../model/query";
import type { LiveShow, SuggestionQuery } from "../../model/suggesting";
import { trained } from "../../state/judging";
import { isOffered, told } from "../../state/live";
import { tagName } from "../../state/project";
import { task } from "../../state/tasks";
import * as turned from "../../state/turned";
import { Filter } from "../images/filter";
import { Segments } from "../images/segments";
import { IterationChoice } from "../judged/iterations";
import "../suggested/suggested.css";

interface Props {
  query: SuggestionQuery;
  show: (changes: Partial<SuggestionQuery>) => void;
  leave: (status: Status) => void;
}

const SHOWS: { what: LiveShow; text: string; key: string }[] = [
  { what: "sure", text: "Surest", key: "suggested" },
  { what: "unsure", text: "Unsure first", key: "unsure" },
  { what: "doubts", text: "Looks wrong", key: "doubts" },
];

export function Bar({ query, show, leave }: Props) {
  return (
    <>
      <div class="filterbar" role="toolbar" aria-label="What is shown">
        <Segments shown="Suggested" show={leave} />
        {isOffered.value && (
          <div class="segments" role="group" aria-label="Suggestions">
            {SHOWS.map(({ what, text, key }) => (
              <button key={what} aria-pressed={query.show === what} title={what === "sure" ? undefined : hint(key)} onClick={() => show({ show: what })}>
                {text}
              </button>
            ))}
          </div>
        )}
        {query.tagId && <Filter text={tagName(query.tagId)} label={`No longer only ${tagName(query.tagId)}`} onEnd={() => show({ tagId: "" })} />}
        <span class="grow" />
        {isOffered.value && trained.value.length > 0 && <IterationChoice value="" any="Live model" change={(iterationId) => show({ iterationId })} />}
      </div>
      {isOffered.value && turned.shown.value.length > 0 && <Offer show={show} />}
    </>
  );
}

const OFFERS = { confirm: Confirm, label: Label, doubt: Doubt };

function Offer({ show }: Pick<Props, "show">) {
  const Shown = OFFERS[turned.kind.value];
  return (
    <div class="offer">
      <Shown show={show} />
    </div>
  );
}

function Confirm() {
  const { shown, accepted, taken } = turned;
  const { tagId, count, isCertain } = taken.value;
  const [all, some] = [shown.value.length, accepted.value.length];
  return (
    <>
      <span aria-live="polite">
        <b>{all.toLocaleString()}</b> {some ? "taken for" : "left out of those taken for"} <b>{tagName(tagId)}</b>
        {some > 0 && count > all && <small> of {count.toLocaleString()}</small>}
        {some > 0 && <small> · {isCertain ? "nearly certain" : look(turned.doubtful.value)}</small>}
        {some > 0 && all > some && <small> · {(all - some).toLocaleString()} left out</small>}
      </span>
      <span class="faint">
        <kbd>{hint("reject")}</kbd> {some ? "leaves one out" : "takes one in"} · <kbd>1</kbd>–<kbd>9</kbd> another tag
      </span>
      <span class="grow" />
      {count > all && (told.value?.labelled ?? 0) >= turned.ENOUGH && (
        <button disabled={task.value !== null} title="All that it is nearly certain of, those that are not shown, too" onClick={() => void turned.acceptCertain()}>
          Accept all at 99 %
        </button>
      )}
      <button class="primary" aria-disabled={!turned.isSeen.value} onClick={turned.accept}>
        {some ? `Confirm ${some.toLocaleString()}` : "Next page"} <kbd>{hint("accept")}</kbd>
      </button>
    </>
  );
}

/** What it says of itself is an estimate. */
const look = (doubtful: number) => (doubtful ? `look first: about ${doubtful} may be wrong` : "look first");

function Label({ show }: Pick<Props, "show">) {
  const { shown, focus, isSure } = turned;
  const guess = shown.value[focus.value]?.tagId;
  return (
    <>
      <span aria-live="polite">
        {isSure.value ? (
          "It is fairly sure of all that is left."
        ) : (
          <>
            <b>{counted(shown.value.length, "image")}</b> that {shown.value.length === 1 ? "teaches" : "teach"} it most
          </>
        )}
      </span>
      {isSure.value && <button onClick={() => show({ show: "sure", tagId: "" })}>Confirm them by pages</button>}
      <span class="faint">
        <kbd>1</kbd>–<kbd>9</kbd> the tag of each
        {guess && (
          <>
            {" "}
            · <kbd>{hint("accept")}</kbd> what is guessed
          </>
        )}
      </span>
    </>
  );
}

function Doubt() {
  return (
    <>
      <span aria-live="polite">
        <b>{counted(turned.shown.value.length, "label")}</b> that the other labels speak against
      </span>
      <span class="faint">
        <kbd>{hint("reject")}</kbd> keeps the label · <kbd>{hint("accept")}</kbd> takes what fits better · <kbd>1</kbd>–<kbd>9</kbd> another tag
      </span>
    </>
  );
}
