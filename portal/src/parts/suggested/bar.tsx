// Whose suggestions are shown, how sure, and what Enter does with them.

import { hint } from "../../model/keys";
import type { Status } from "../../model/query";
import { LIVE, type SuggestionQuery } from "../../model/suggesting";
import { isOffered } from "../../state/live";
import { tagName } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { task } from "../../state/tasks";
import * as suggestions from "../../state/suggestions";
import { Filter } from "../images/filter";
import { Segments } from "../images/segments";
import { IterationChoice } from "../judged/iterations";
import { Threshold } from "../judged/threshold";
import "./suggested.css";

interface Props {
  query: SuggestionQuery;
  iterationId: string;
  show: (changes: Partial<SuggestionQuery>) => void;
  leave: (status: Status) => void;
}

export function Bar({ query, iterationId, show, leave }: Props) {
  return (
    <>
      <div class="filterbar" role="toolbar" aria-label="What is shown">
        <Segments shown="Suggested" show={leave} />
        {iterationId && (
          <>
            <IterationChoice value={iterationId} change={(id) => show({ iterationId: id || LIVE })} {...(isOffered.value && { any: "Live model" })} />
            <Threshold label="at least" value={query.threshold} change={(threshold) => show({ threshold })} />
          </>
        )}
        {query.tagId && <Filter text={tagName(query.tagId)} label={`No longer only ${tagName(query.tagId)}`} onEnd={() => show({ tagId: "" })} />}
        <span class="grow" />
        {iterationId && <Looking />}
      </div>
      {iterationId && suggestions.shown.value.length > 0 && <Offer query={query} />}
    </>
  );
}

/** What one key does. */
function Offer({ query }: { query: SuggestionQuery }) {
  const { shown, accepted, numbers } = suggestions;
  const why = lacks(LABELERS);
  const [count, all] = [accepted.value.length, shown.value.length];
  const known = query.tagId ? numbers.value[query.tagId] : undefined;
  return (
    <div class="offer">
      <span aria-live="polite">
        <b>{all.toLocaleString()}</b> {query.tagId ? `taken for ${tagName(query.tagId)}` : "suggested"}
        {known !== undefined && known > all && <small> of {known.toLocaleString()}</small>}
        {all > count && <small> · {(all - count).toLocaleString()} left out</small>}
      </span>
      <span class="faint">
        <kbd>{hint("reject")}</kbd> leaves one out · <kbd>1</kbd>–<kbd>9</kbd> {"another tag"}
      </span>
      <span class="grow" />
      {suggestions.hasMore.value && (
        <button disabled={!!why || task.value !== null} title={why || "Those that are not loaded yet, too"} onClick={() => void suggestions.acceptAll()}>
          Accept all
        </button>
      )}
      <button class="primary" disabled={!!why || !count} aria-disabled={!suggestions.isSeen.value} title={why} onClick={() => suggestions.accept()}>
        Accept {count.toLocaleString()} <kbd>{hint("accept")}</kbd>
      </button>
    </div>
  );
}

function Looking() {
  const { done, total, underway } = suggestions.looked.value;
  const rest = total - done;
  if (underway)
    return (
      <span class="uploading" role="status">
        <progress value={done} max={total || 1} aria-label="Looked at" />
        looked at {done.toLocaleString()} of {(total || "…").toLocaleString()}
        <button class="quiet" onClick={suggestions.stopLooking}>
          Stop
        </button>
      </span>
    );
  if (rest <= 0) return null;
  return (
    <button onClick={() => void suggestions.look()} title={`It has looked at ${done.toLocaleString()} of ${total.toLocaleString()} untagged images`}>
      Look at more <small>{rest.toLocaleString()} left</small>
    </button>
  );
}
