// An empty project, and a filter that finds nothing.

import { EVERYTHING, type ImageQuery } from "../../model/query";
import { isDetector, tagName } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { Icon } from "../icon";
import { Empty } from "../states";
import { choose } from "../uploads/uploader";

export function NoImages() {
  const why = lacks(LABELERS);
  return (
    <Empty title="Drop your pictures here">
      <div class="ways">
        <button disabled={!!why} title={why} onClick={() => choose()}>
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
  const parts = [
    query.status === "All" ? "No image" : `No ${query.status.toLowerCase()} image`,
    query.tagIds.length ? `with the tag ${query.tagIds.map(tagName).join(" or ")}` : "",
    query.search ? `whose file name begins with “${query.search}”` : "",
  ];
  return (
    <Empty title={parts.filter(Boolean).join(" ")}>
      <button onClick={() => show(EVERYTHING)}>Show all images</button>
    </Empty>
  );
}
