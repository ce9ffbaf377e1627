// What the project uses of what the installation allows.

import { useEffect, useState } from "preact/hooks";
import * as client from "../../api/client";
import { counts, isDetector, iterations, tags } from "../../state/project";
import { limits } from "../../state/session";
import { returns } from "../../state/silence";

const NEAR = 0.9;

export function Limits() {
  const projects = useProjects();
  const most = limits.value;
  if (!most) return null;
  return (
    <section class="card" aria-label="Limits">
      <h2>Limits</h2>
      <div class="uses">
        <Use text="images" used={counts.value?.All} most={most.imagesPerProject} />
        <Use text="tags" used={tags.value.length} most={most.tagsPerProject} />
        <Use text="iterations" used={iterations.value.length} most={most.iterationsPerProject} />
        <Use text="projects" used={projects} most={most.projects} />
      </div>
      <dl class="facts">
        {factsOf(most).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function useProjects(): number | undefined {
  const [count, setCount] = useState<number>();
  useEffect(() => {
    client.getProjects().then((found) => setCount(found.length), () => {});
  }, [returns.value]);
  return count;
}

function Use({ text, used, most }: { text: string; used: number | undefined; most: number }) {
  return (
    <div class="use">
      <b>{used?.toLocaleString() ?? "…"}</b> <span class="faint">of {most.toLocaleString()} {text}</span>
      <meter min={0} max={most} high={most * NEAR} optimum={0} value={used ?? 0} aria-label={`${text} used`} />
    </div>
  );
}

const megabytes = (bytes: number) => `${(bytes / 1_048_576).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`;
const rate = (count: number) => (count ? count.toLocaleString() : "without limit");

const factsOf = (most: client.Limits): [string, string][] => [
  ["A picture to train on, or to test", `${megabytes(most.trainingImageBytes)} at most`],
  ["A picture that programs ask about", `${megabytes(most.predictionImageBytes)} at most`],
  ["Images of a tag, to train it", `${isDetector.value ? most.imagesPerTagDetection : most.imagesPerTag} at least`],
  isDetector.value ? ["Boxes of an image", `${most.regionsPerImage} at most`] : ["Tags of an image", `${most.tagsPerImage} at most`],
  ["Stored predictions are kept", `${most.predictionRetentionDays} days`],
  ["A training takes", `${most.trainingBudgetHours} hours at most`],
  ["Pictures of a batch", `${most.blobsPerBatch.toLocaleString()} at most`],
  ["Batches under way", `${most.batchesUnderWay.toLocaleString()} at once`],
  ["Calls a second", rate(most.callsPerSecond)],
  ["Predictions a month", rate(most.predictionsPerMonth)],
];
