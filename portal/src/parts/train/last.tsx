// How the last training ended.

import { useEffect } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { hint } from "../../model/keys";
import { percent } from "../../model/judging";
import { score, scores } from "../../state/performance";
import { pathOf } from "../../state/route";

export function Last({ iteration }: { iteration: Iteration | undefined }) {
  useEffect(() => {
    if (iteration?.status === "Completed") void score([iteration]);
  }, [iteration?.id, iteration?.status]);
  if (!iteration) return null;
  const { id, name, projectId, status, trainingErrorDetails } = iteration;
  if (status === "Failed") {
    return (
      <section class="card" aria-label="The last training">
        <h2>{name} was not trained</h2>
        <p class="refusal">{trainingErrorDetails ?? "The service does not say why."}</p>
      </section>
    );
  }
  const known = scores.value.get(id);
  return (
    <section class="card lastone" aria-label="The last training">
      <h2>{name} is trained</h2>
      <p class="faint">{known === undefined ? "" : `Average precision ${percent(known)}, on images that it did not learn from`}</p>
      <span class="grow" />
      <a class="button primary" href={pathOf(projectId, "performance", id)}>
        How good it is <kbd>{hint("performance")}</kbd>
      </a>
    </section>
  );
}
