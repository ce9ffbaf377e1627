// Who suggests: the live model where it can, else the iteration that was trained last, or the one that the address names.

import { useEffect, useState } from "preact/hooks";
import { LIVE, readSuggesting, writeSuggesting } from "../../model/suggesting";
import { trained } from "../../state/judging";
import { isOffered, isReady, stand } from "../../state/live";
import { counts, project } from "../../state/project";
import { search, setSearch } from "../../state/route";
import { Live } from "../live/live";
import { Waiting } from "../states";
import { OfIteration } from "./suggested";

export function Suggested() {
  const wanted = readSuggesting(search.value)!;
  const isOpen = !wanted.iterationId && isOffered.value;
  const [isDecided, setDecided] = useState(false);
  useEffect(() => {
    if (isOpen && counts.value) void decide().then(() => setDecided(true));
  }, [isOpen, project.value?.id, counts.value === null]);
  if (wanted.iterationId === LIVE) return <Live />;
  return isOpen && !isDecided ? <Waiting /> : <OfIteration />;
}

/** It stays with that while somebody is at work. */
async function decide(): Promise<void> {
  if (trained.value.length) await stand();
  const wanted = readSuggesting(search.value);
  if (wanted && !wanted.iterationId && (isReady.value || !trained.value.length)) setSearch(writeSuggesting({ ...wanted, iterationId: LIVE }));
}
