// An image that was judged: what it is, what was said of it, how probable that was, and what it is labelled since.

import type { Image, ImagePerformance, Prediction } from "../../api/client";
import { tagIds } from "../../model/changes";
import { percent, verdict, type Cell } from "../../model/judging";
import { tagName, tagOf } from "../../state/project";
import { colourOf } from "../grid/picture";

interface Props {
  image: ImagePerformance;
  cell: Cell;
  threshold: number;
  /** How it is labelled now; undefined where it was deleted. */
  now: Image | undefined;
}

export const nameOfTag = (image: ImagePerformance, id: string) => tagName(id) || (image.tags.find(({ tagId }) => tagId === id)?.tagName ?? "a deleted tag");

/** What became of it since; empty where nothing did. */
function since(image: ImagePerformance, now: Image | undefined): string {
  if (!now) return "deleted since";
  return isChanged(image, now) ? `now ${tagIds(now).map(tagName).join(", ") || "untagged"}` : "";
}

/** Whether it has other tags since, or boxes of other tags. */
export function isChanged(image: ImagePerformance, now: Image): boolean {
  const of = (labels: readonly { tagId: string }[] | undefined) => (labels ?? []).map(({ tagId }) => tagId).sort().join();
  return of(image.tags) !== of(now.tags) || of(image.regions) !== of(now.regions);
}

export function JudgedTile({ image, cell, threshold, now }: Props) {
  const { truths, said } = verdict(image, cell, threshold);
  return (
    <>
      <span class="frame">
        <img key={image.thumbnailUri} src={image.thumbnailUri} alt="" draggable={false} decoding="async" loading="lazy" />
        {image.regions && <Boxes image={image} said={image.predictions.filter((each) => each.probability >= threshold && (!cell.said || each.tagId === cell.said))} />}
      </span>
      <span class="said">
        <span>{truths.map((id) => nameOfTag(image, id)).join(", ") || "nothing"}</span>
        <span class="unseen"> said to be </span>
        <span class={said && truths.includes(said.tagId) ? "right" : "wrong"}>
          {said ? said.tagName : "nothing"} {said && <b>{percent(said.probability, 0)}</b>}
        </span>
        {since(image, now) && <span class="since">{since(image, now)}</span>}
      </span>
    </>
  );
}

/** What is true in full lines, what was said in dashes, over a thumbnail that fills its frame. */
function Boxes({ image: { width, height, regions }, said }: { image: ImagePerformance; said: readonly Prediction[] }) {
  return (
    <svg class="boxes" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {regions?.map((box) => (
        <rect key={box.regionId} x={box.left * width} y={box.top * height} width={box.width * width} height={box.height * height} style={{ stroke: colour(box.tagId) }} />
      ))}
      {said.map(({ boundingBox: box, tagId }, place) =>
        box ? <rect key={place} class="guess" x={box.left * width} y={box.top * height} width={box.width * width} height={box.height * height} style={{ stroke: colour(tagId) }} /> : null,
      )}
    </svg>
  );
}

const colour = (tagId: string) => (tagOf(tagId) ? colourOf(tagId) : "#fff");
