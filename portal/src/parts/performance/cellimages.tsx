// The images of a cell of the matrix, the surest errors first. Digits put their labels right, here.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Image, Tag } from "../../api/client";
import { counted } from "../../model/labelling";
import { NOTHING, type Cell } from "../../model/judging";
import { short } from "../../model/names";
import { cellImages, fault, forget, keyOf, look, mendBox, more, type Place } from "../../state/cell";
import { markNegative, repeatTags, toggleTag } from "../../state/labelling";
import { fail } from "../../state/notices";
import * as pages from "../../state/pages";
import { judged, threshold, overlap } from "../../state/performance";
import { isDetector, regular, tagName } from "../../state/project";
import { go, pathOf } from "../../state/route";
import { LABELERS, lacks } from "../../state/session";
import { project } from "../../state/project";
import { colourOf } from "../grid/picture";
import { permitted, useKeys } from "../keyboard";
import { Fault, Waiting } from "../states";
import { byDigit } from "../tags/digits";
import { askForTag, TagByName } from "../tags/tagname";
import { JudgedTile } from "./judgedtile";

interface Props {
  iterationId: string;
  cell: Cell;
  onClose: () => void;
}

const REST_MS = 200;

export function CellImages({ iterationId, cell, onClose }: Props) {
  const place: Place = { iterationId, cell, threshold: threshold.value, overlap: overlap.value };
  const key = keyOf(place);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => void look(place), cellImages.peek() ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [key]);
  useEffect(() => forget, []);
  const shown = cellImages.value;
  const cellKey = JSON.stringify([cell.truth, cell.said, cell.wrong]);
  useEffect(() => section.current?.scrollIntoView({ block: "nearest" }), [cellKey, !!shown]);
  return (
    <section ref={section} class="card cellimages" aria-label="Images of the cell">
      <header>
        <h2>{titleOf(cell)}</h2>
        <span class="faint" aria-live="polite">
          {shown && counted(shown.total, "image")}
        </span>
        <span class="grow" />
        <Digits />
        <button class="icon quiet" aria-label="Close the images" title="Esc" onClick={onClose}>
          ✕
        </button>
      </header>
      {fault.value ? <Fault fault={fault.value} again={() => void look(place)} /> : !shown ? <Waiting /> : <Tiles key={shown.key} place={place} onClose={onClose} stale={shown.key !== key} />}
    </section>
  );
}

function named(id: string): string {
  if (id === NOTHING) return "nothing";
  return tagName(id) || (judged.value?.curves.tags.find((tag) => tag.id === id)?.name ?? "a deleted tag");
}

function titleOf({ truth, said, wrong }: Cell): string {
  if (truth && said) return truth === said ? `${named(truth)}, found` : said === NOTHING ? `${named(truth)}, missed` : truth === NOTHING ? `${named(said)}, said where there is none` : `${named(truth)}, taken for ${named(said)}`;
  if (truth) return wrong ? `${named(truth)}, missed or taken for something else` : named(truth);
  if (said) return `Wrongly said to be ${named(said)}`;
  return "All mistakes, the surest first";
}

const LETTERS = 18;

/** What digits give. */
function Digits() {
  return (
    <span class="digits">
      {regular.value.slice(0, 9).map((tag, place) => (
        <span key={tag.id} title={`${place + 1} tags ${tag.name}`}>
          <kbd>{place + 1}</kbd>
          <i style={{ background: colourOf(tag.id) }} />
          {short(tag.name, LETTERS)}
        </span>
      ))}
      <span>
        <kbd>T</kbd> any
      </span>
      <span>
        <kbd>Space</kbd> open
      </span>
    </span>
  );
}

function Tiles({ place, stale, onClose }: { place: Place; stale: boolean; onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const [focus, setFocus] = useState(0);
  const { images, total, cell, threshold: limit } = cellImages.value!;
  void pages.revision.value;
  const to = (index: number) => {
    const next = Math.min(Math.max(index, 0), images.length - 1);
    setFocus(next);
    list.current?.querySelectorAll("[role=option]")[next]?.scrollIntoView({ block: "nearest" });
  };
  const open = () => images[focus] && go(pathOf(project.value!.id, "image", images[focus].id));
  const mend = (now: Image, tag: Tag) => mendBox(images[focus]!, now, place, tag);
  useTileKeys({ list, focus, to, open, meant: () => images[focus] && pages.find(images[focus].id), mend, onClose });
  useEffect(() => list.current?.focus({ preventScroll: true }), []);
  if (!images.length) return <p class="faint">At this threshold there is none.</p>;
  return (
    <>
      <div ref={list} class={`judgedlist${stale ? " stale" : ""}`} role="listbox" tabIndex={0} aria-label="Judged images" aria-activedescendant={`judged-${focus}`}>
        {images.map((image, index) => {
          const about = { image, cell, threshold: limit, now: pages.find(image.id) };
          return (
            <div
              key={image.id}
              id={`judged-${index}`}
              role="option"
              aria-selected={index === focus}
              class={index === focus ? "tile focus" : "tile"}
              onClick={() => to(index)}
              onDblClick={open}
            >
              <JudgedTile {...about} />
            </div>
          );
        })}
      </div>
      {images.length < total && (
        <button onClick={() => void more(place).catch((refused) => fail(refused, "The next images"))}>
          Show {Math.min(60, total - images.length)} more of {(total - images.length).toLocaleString()}
        </button>
      )}
    </>
  );
}

interface KeysProps {
  list: { current: HTMLDivElement | null };
  focus: number;
  to: (index: number) => void;
  open: () => unknown;
  meant: () => Image | undefined;
  mend: (now: Image, tag: Tag) => boolean;
  onClose: () => void;
}

function useTileKeys({ list, focus, to, open, meant, mend, onClose }: KeysProps): void {
  const inRow = () => {
    const tiles = [...(list.current?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
    return Math.max(tiles.filter((tile) => tile.offsetTop === tiles[0]?.offsetTop).length, 1);
  };
  const label = (doing: (images: Image[]) => boolean) => {
    const image = meant();
    if (!image) return false;
    if (doing([image])) to(focus + 1);
    return true;
  };
  const give = (tag: Tag) => label((images) => (isDetector.value ? mend(images[0]!, tag) : toggleTag(images, tag)));
  useKeys("grid", {
    left: () => to(focus - 1),
    right: () => to(focus + 1),
    up: () => to(focus - inRow()),
    down: () => to(focus + inRow()),
    first: () => to(0),
    last: () => to(Number.MAX_SAFE_INTEGER),
    open,
    leave: onClose,
    tag: byDigit(give),
    name: permitted(LABELERS, () => askForTag(give)),
    negative: permitted(LABELERS, () => label(markNegative)),
    repeat: permitted(LABELERS, () => (isDetector.value ? false : label(repeatTags))),
  });
}

/** Its dialog, and why labels can't be changed here. */
export function CellLabelling() {
  return lacks(LABELERS) ? null : <TagByName />;
}
