// An empty project, and a filter that finds nothing.

import { useRef } from "preact/hooks";
import { EVERYTHING, type ImageQuery } from "../../model/query";
import { isDetector, tagName } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { Icon } from "../icon";
import { useFocus } from "../keyboard";
import { Empty, EmptyScreen } from "../states";
import { choose } from "../uploads/uploader";

export function NoImages() {
  const why = lacks(LABELERS);
  const first = useRef<HTMLButtonElement>(null);
  useFocus(first);
  return (
    <Empty title="Drop your pictures here">
      <div class="ways">
        <button ref={first} disabled={!!why} title={why} onClick={() => choose()}>
          <Icon name="upload" />
          <b>Photographs</b>
          <span>Any number of JPEG, PNG, GIF or BMP files.</span>
        </button>
        <button disabled={!!why} title={why} onClick={() => choose(true)}>
          <Icon name="upload" />
          <b>A folder</b>
          <span>{isDetector.value ? "With all that is in it." : "Each folder in it becomes a tag."}</span>
        </button>
      </div>
    </Empty>
  );
}

export function NothingFound({ query, show }: { query: ImageQuery; show: (changes: Partial<ImageQuery>) => void }) {
  if (query.grouped) return <NoGroups show={show} />;
  if (query.like) return <NothingLike show={show} />;
  const parts = [
    query.status === "All" ? "No image" : `No ${query.status.toLowerCase()} image`,
    query.tagIds.length ? `with the tag ${query.tagIds.map(tagName).join(" or ")}` : "",
    query.search ? `whose file name begins with “${query.search}”` : "",
  ];
  return (
    <EmptyScreen title={parts.filter(Boolean).join(" ")}>
      <button onClick={() => show(EVERYTHING)}>Show all images</button>
    </EmptyScreen>
  );
}

type Show = { show: (changes: Partial<ImageQuery>) => void };

const NoGroups = ({ show }: Show) => (
  <EmptyScreen title="No near-duplicates">
    <p class="faint">Images that look the same, and came one after the other, would lie in stacks here. There are none; or over a tenth of all images look like another, and what differs would be labelled alike.</p>
    <button onClick={() => show(EVERYTHING)}>Show all images</button>
  </EmptyScreen>
);

const NothingLike = ({ show }: Show) => (
  <EmptyScreen title="Nothing is known to be similar yet">
    <p class="faint">The image is gone, or new: it is looked at soon.</p>
    <button onClick={() => show(EVERYTHING)}>Show all images</button>
  </EmptyScreen>
);
