// All, untagged and tagged images, what a model suggests for them, or those that look the same.

import { hint } from "../../model/keys";
import { EVERYTHING, writeQuery, type Status } from "../../model/query";
import { LIVE, USUAL, writeSuggesting, type LiveShow } from "../../model/suggesting";
import { isOffered } from "../../state/live";
import { counts, isDetector } from "../../state/project";
import { setSearch } from "../../state/route";
import { useKeys } from "../keyboard";

const STATUSES: Status[] = ["All", "Untagged", "Tagged"];

export function Segments({ shown, show }: { shown: Status | "Suggested" | "Groups" | "Map" | ""; show: (status: Status) => void }) {
  const suggest = () => setSearch(writeSuggesting(USUAL));
  const ask = (what: LiveShow) => () => (isOffered.value ? setSearch(writeSuggesting({ ...USUAL, iterationId: LIVE, show: what })) : false);
  const group = () => (isDetector.value ? false : setSearch(writeQuery({ ...EVERYTHING, grouped: true })));
  const see = () => (isDetector.value ? false : setSearch(writeQuery({ ...EVERYTHING, mapped: true })));
  useKeys("grid", { map: () => (shown === "Map" ? show("All") : see()), groups: () => (shown === "Groups" ? show("All") : group()), suggested: () => (shown === "Suggested" ? show("All") : suggest()), unsure: ask("unsure"), doubts: ask("doubts") });
  return (
    <div class="segments" role="group" aria-label="Status">
      {STATUSES.map((status) => (
        <button key={status} aria-pressed={shown === status} onClick={() => show(status)} title={status === "Untagged" ? hint("untagged") : undefined}>
          {status} <small>{counts.value?.[status].toLocaleString() ?? ""}</small>
        </button>
      ))}
      <button aria-pressed={shown === "Suggested"} onClick={suggest} title={hint("suggested")}>
        Suggested
      </button>
      {!isDetector.value && (
        <button aria-pressed={shown === "Groups"} onClick={group} title={`Near-duplicates alone, in stacks (${hint("groups")})`}>
          Groups
        </button>
      )}
      {!isDetector.value && (
        <button aria-pressed={shown === "Map"} onClick={see} title={hint("map")}>
          Map
        </button>
      )}
    </div>
  );
}
