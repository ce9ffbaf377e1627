// All, untagged and tagged images, or what a model suggests for them.

import { hint } from "../../model/keys";
import type { Status } from "../../model/query";
import { USUAL_THRESHOLD, writeSuggesting } from "../../model/suggesting";
import { counts } from "../../state/project";
import { setSearch } from "../../state/route";
import { useKeys } from "../keyboard";

const STATUSES: Status[] = ["All", "Untagged", "Tagged"];

export function Segments({ shown, show }: { shown: Status | "Suggested"; show: (status: Status) => void }) {
  const suggest = () => setSearch(writeSuggesting({ iterationId: "", tagId: "", threshold: USUAL_THRESHOLD }));
  useKeys("grid", { suggested: () => (shown === "Suggested" ? show("All") : suggest()) });
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
    </div>
  );
}
