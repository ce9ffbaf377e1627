// How the last training ended.

import { useEffect, useState } from "preact/hooks";
import type { Iteration, PerformanceCurves } from "../../api/client";
import { hint } from "../../model/keys";
import { headline, USUAL } from "../../model/judging";
import { curvesOf } from "../../state/performance";
import { pathOf } from "../../state/route";

export function Last({ iteration }: { iteration: Iteration | undefined }) {
  const curves = useCurves(iteration?.status === "Completed" ? iteration.id : "");
  if (!iteration) return null;
  const { id, name, projectId, status, trainingErrorDetails, importedFrom } = iteration;
  if (status === "Failed") {
    return (
      <section class="card" aria-label="The last training">
        <h2>{name} was not trained</h2>
        <p class="refusal">{trainingErrorDetails ?? "The service does not say why."}</p>
      </section>
    );
  }
  return (
    <section class="card lastone" aria-label="The last training">
      <h2>{name} is {importedFrom ? "imported" : "trained"}</h2>
      <p class="faint">{curves && headline(curves, !!importedFrom)}</p>
      <span class="grow" />
      <a class="button primary" href={pathOf(projectId, "performance", id)}>
        How good it is <kbd>{hint("performance")}</kbd>
      </a>
    </section>
  );
}

/** None while they are not known. */
function useCurves(iterationId: string): PerformanceCurves | null {
  const [found, setFound] = useState<{ of: string; curves: PerformanceCurves } | null>(null);
  useEffect(() => {
    if (iterationId) curvesOf(iterationId, USUAL.overlap).then((curves) => setFound({ of: iterationId, curves }), () => {});
  }, [iterationId]);
  return found?.of === iterationId ? found.curves : null;
}
