// A picture of a cell: its thumbnail, what it is tagged, its boxes.

import type { Image } from "../../api/client";
import { useState } from "preact/hooks";
import { colours } from "../../model/colours";
import { counted } from "../../model/labelling";
import { short } from "../../model/names";
import { computed } from "@preact/signals";
import { renew } from "../../state/pages";
import { preferences } from "../../state/preferences";
import { tagName, tags } from "../../state/project";

export const palette = computed(() => colours(tags.value.map(({ id }) => id)));
export const colourOf = (tagId: string) => `var(--tag-${palette.value.get(tagId) ?? 0})`;

const SHOWN_TAGS = 3;
/** Pixels of a chip beside its name, and of a letter of it. */
const [ABOUT, LETTER] = [31, 6];

export const shortOnCell = (name: string, besides = 0) => short(name, Math.floor((preferences.value.cell - ABOUT) / LETTER) - besides);

/** An element of its own for each image: one that is used again shows the picture of before until the next is there. */
export function Picture({ image, boxes = false }: { image: Image; boxes?: boolean }) {
  const [gone, setGone] = useState("");
  const lost = gone === image.thumbnailUri;
  const lose = () => {
    setGone(image.thumbnailUri);
    void renew(image);
  };
  return (
    <>
      {lost ? <span class="lost">picture gone</span> : <img key={image.id} src={image.thumbnailUri} alt="" draggable={false} decoding="async" onError={lose} />}
      {boxes && image.regions?.length ? <Boxes image={image} /> : null}
      <TagChips image={image} />
    </>
  );
}

/** Over a thumbnail that fills its cell. */
function Boxes({ image: { width, height, regions } }: { image: Image }) {
  return (
    <svg class="boxes" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {regions?.map((region) => (
        <rect
          key={region.regionId}
          x={region.left * width}
          y={region.top * height}
          width={region.width * width}
          height={region.height * height}
          style={{ stroke: colourOf(region.tagId) }}
        />
      ))}
    </svg>
  );
}

function TagChips({ image }: { image: Image }) {
  const all = image.tags ?? [];
  if (!all.length) return image.metadata?.["background"] === "true" ? <span class="chips"><span class="chip">background</span></span> : null;
  return (
    <span class="chips">
      {all.slice(0, SHOWN_TAGS).map(({ tagId }) => (
        <span key={tagId} class="chip given" style={{ "--given": colourOf(tagId) }}>
          {shortOnCell(tagName(tagId))}
        </span>
      ))}
      {all.length > SHOWN_TAGS && <span class="chip">+{all.length - SHOWN_TAGS}</span>}
    </span>
  );
}

/** An image in words. */
export function nameOf(image: Image): string {
  const name = image.metadata?.["filename"] ?? "image";
  const tagged = image.tags?.map(({ tagId }) => tagName(tagId)).join(", ");
  const boxes = image.regions?.length ? `, ${counted(image.regions.length, "box", "boxes")}` : "";
  return `${name}, ${tagged || "untagged"}${boxes}`;
}
