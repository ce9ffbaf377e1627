// Tag by tag, what there is to learn from, and what is missing, with the way to get it.

import { useRef } from "preact/hooks";
import type { Tag } from "../../api/client";
import { counted } from "../../model/labelling";
import { lacking } from "../../model/training";
import { counts, isDetector } from "../../state/project";
import { pathOf } from "../../state/route";
import { colourOf } from "../grid/picture";
import { useOneStop } from "../onestop";

type Leave = (tagIds: readonly string[], out: boolean) => void;

interface Props {
  projectId: string;
  tags: readonly Tag[];
  least: number;
  leftOut: ReadonlySet<string>;
  onLeave: Leave;
}

export function Readiness({ projectId, tags, least, leftOut, onLeave }: Props) {
  const lacks = new Map(lacking(tags, { detector: isDetector.value, least }).map(({ tag, missing }) => [tag.id, missing]));
  const rows = useOneStop("[type=checkbox]");
  const most = Math.max(...tags.map(({ imageCount }) => imageCount), least, 1);
  const first = [...tags].sort((a, b) => Number(lacks.has(b.id)) - Number(lacks.has(a.id)));
  return (
    <table class="readiness">
      <caption class="faint">
        {tags.length > 1 ? "Every tag" : "The tag"} needs {counted(least, "image")}{isDetector.value ? " with boxes" : ""}; 50 are a good beginning.
      </caption>
      <thead>
        <tr>
          <th scope="col">Tag</th>
          <th scope="col" class="number">
            Images
          </th>
          <th scope="col" class="wide">
            <span class="unseen">Enough</span>
            <LeaveAll few={[...lacks.keys()]} leftOut={leftOut} onLeave={onLeave} />
          </th>
        </tr>
      </thead>
      <tbody ref={rows}>
        {first.map((tag) => (
          <Row key={tag.id} tag={tag} most={most} least={least} missing={lacks.get(tag.id) ?? 0} projectId={projectId} out={leftOut.has(tag.id)} onLeave={onLeave} />
        ))}
      </tbody>
    </table>
  );
}

/** Stays a button once it was used, so that the focus stays as well. */
function LeaveAll({ few, leftOut, onLeave }: { few: readonly string[]; leftOut: ReadonlySet<string>; onLeave: Leave }) {
  const areOut = few.every((id) => leftOut.has(id));
  if (few.length < 2) return null;
  return <button onClick={() => onLeave(few, !areOut)}>{areOut ? `Take all ${few.length} in again` : `Leave out all ${few.length}`}</button>;
}

interface RowProps {
  tag: Tag;
  most: number;
  least: number;
  missing: number;
  projectId: string;
  out: boolean;
  onLeave: Leave;
}

function Row({ tag, most, least, missing, projectId, out, onLeave }: RowProps) {
  const checkbox = useRef<HTMLInputElement>(null);
  const share = (count: number) => `${100 * Math.sqrt(count / most)}%`;
  return (
    <tr class={out ? "out" : missing ? "lacking" : ""}>
      <th scope="row">
        <label class="check">
          <input ref={checkbox} type="checkbox" aria-label={`Train ${tag.name}`} checked={!out} onChange={() => onLeave([tag.id], !out)} />
          <i style={{ background: colourOf(tag.id) }} />
          <a href={`${pathOf(projectId, "images")}?tags=${tag.id}`} title={`Show the images of ${tag.name}`}>
            {tag.name}
          </a>
        </label>
      </th>
      <td class="number">{tag.imageCount.toLocaleString()}</td>
      <td>
        {missing && !out ? (
          <span class="missing">
            {tag.imageCount ? `${missing} more` : counted(missing, "image")} needed
            {counts.value?.Untagged ? <a href={`${pathOf(projectId, "images")}?status=Untagged`}>Show untagged</a> : null}
            <button class="quiet" onClick={() => (onLeave([tag.id], true), checkbox.current?.focus())}>
              Leave out
            </button>
          </span>
        ) : (
          <span class={`amount${missing ? " lacking" : ""}`} aria-hidden="true">
            <i style={{ width: share(tag.imageCount) }} />
            <b style={{ left: share(least) }} />
          </span>
        )}
      </td>
    </tr>
  );
}
