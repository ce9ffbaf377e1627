// Tag by tag, what there is to learn from, and what is missing, with the way to get it.

import { useRef } from "preact/hooks";
import type { Tag } from "../../api/client";
import { counted } from "../../model/labelling";
import { GOOD, lacking } from "../../model/training";
import { counts, isDetector } from "../../state/project";
import { pathOf } from "../../state/route";
import { colourOf } from "../grid/picture";
import { useOneStop } from "../onestop";
import { Amount } from "../tags/amount";

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
  const first = [...tags].sort((a, b) => Number(lacks.has(b.id)) - Number(lacks.has(a.id)));
  return (
    <table class="readiness">
      <caption class="faint">
        {tags.length > 1 ? "Every tag" : "The tag"} needs {counted(least, "image")}{isDetector.value ? " with boxes" : ""}, where the line is; {GOOD} are a good beginning, and fill the bar.
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
          <Row key={tag.id} tag={tag} least={least} missing={lacks.get(tag.id) ?? 0} projectId={projectId} out={leftOut.has(tag.id)} onLeave={onLeave} />
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
  least: number;
  missing: number;
  projectId: string;
  out: boolean;
  onLeave: Leave;
}

function Row({ tag, least, missing, projectId, out, onLeave }: RowProps) {
  const checkbox = useRef<HTMLInputElement>(null);
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
          <Amount images={tag.imageCount} least={least} />
        )}
      </td>
    </tr>
  );
}
