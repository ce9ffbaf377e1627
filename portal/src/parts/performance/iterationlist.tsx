// All iterations: which of them answer, how good they are, and by how much each is better than the one before.

import { useEffect } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { writePair } from "../../model/comparing";
import { percent, points } from "../../model/judging";
import { shortTime } from "../../model/training";
import { judged, ordered, score, scores, threshold, trained } from "../../state/performance";
import { pathOf } from "../../state/route";
import { returns } from "../../state/silence";
import { useOneStop } from "../onestop";
import { ImportModel } from "./moving";

/** So many have their score looked up by themselves. */
const SCORED = 12;

export function IterationList({ shown, query }: { shown: string; query: string }) {
  const ids = trained.value.map(({ id }) => id).join();
  // One that was imported may have been judged since.
  useEffect(() => void score(trained.peek().slice(0, SCORED)), [ids, returns.value, judged.value?.iterationId]);
  const before = rival(shown);
  const list = useOneStop("a");
  return (
    <nav class="iterations" aria-label="Iterations">
      <h2>
        Iterations <small>{ordered.value.length}</small>
      </h2>
      <ul ref={list}>
        {ordered.value.map((iteration) => (
          <Entry key={iteration.id} iteration={iteration} shown={iteration.id === shown} query={query} />
        ))}
      </ul>
      {before && (
        <a class="button" href={pathOf(before.projectId, "compare") + writePair({ a: before.id, b: shown, threshold: threshold.value })}>
          Compare two …
        </a>
      )}
      <ImportModel />
    </nav>
  );
}

/** The one to compare with: the one trained before it, or else the newest other. */
function rival(shown: string): Iteration | undefined {
  const place = trained.value.findIndex(({ id }) => id === shown);
  return trained.value[place + 1] ?? trained.value.find(({ id }) => id !== shown);
}

function Entry({ iteration: { id, projectId, name, status, publishName, created, trainedAt, trainingProgress, trainingErrorDetails }, shown, query }: { iteration: Iteration; shown: boolean; query: string }) {
  const when = trainedAt ? `trained ${shortTime(trainedAt)}` : shortTime(created);
  const about = (
    <>
      <b>{name}</b>
      <Score id={id} />
      <small>{status === "Training" ? `in training, ${Math.round(100 * (trainingProgress ?? 0))} %` : status === "Failed" ? "failed" : when}</small>
      {publishName && <span class="live">{publishName}</span>}
    </>
  );
  if (status !== "Completed") {
    return (
      <li class="pending" title={trainingErrorDetails ?? undefined}>
        <a href={pathOf(projectId, "train")}>{about}</a>
      </li>
    );
  }
  return (
    <li>
      <a href={pathOf(projectId, "performance", id) + query} aria-current={shown ? "true" : undefined}>
        {about}
      </a>
    </li>
  );
}

function Score({ id }: { id: string }) {
  const mine = scores.value.get(id);
  if (mine === undefined) return <span />;
  const place = trained.value.findIndex((each) => each.id === id);
  const before = scores.value.get(trained.value[place + 1]?.id ?? "");
  const by = before === undefined ? null : mine - before;
  return (
    <span class="score" title="Average precision, and by how many points it differs from the one before">
      {percent(mine)}
      {by !== null && <em class={by > 0 ? "better" : by < 0 ? "worse" : ""}>{points(by)}</em>}
    </span>
  );
}
