// The tags beside the images: their digits, their counts against what a training needs, and what can be done to them.

import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Tag } from "../../api/client";
import { say } from "../../state/notices";
import { addTag, isDetector, negative, regular, removeTag, renameTag, tags } from "../../state/project";
import { LABELERS, lacks, limits } from "../../state/session";
import { isOffered } from "../../state/live";
import { Icon } from "../icon";
import { later } from "../later";
import { Menu } from "../menu";
import { OneStop } from "../onestop";
import { pictured } from "../pictured";
import { colourOf } from "../grid/picture";
import { Amount } from "./amount";

const LivePanel = later(() => pictured().then(() => import("../live/panel")), "LivePanel", Fragment);
const QuietPanel = later(() => import("../live/quiet"), "QuietPanel", Fragment);

interface Props {
  /** The tags that the grid shows alone. */
  shown: readonly string[];
  onShow: (tagId: string) => void;
  onGive: (tag: Tag) => void;
}

export function TagBar(props: Props) {
  const [there, setThere] = useState("");
  const [typed, setTyped] = useState("");
  const isLong = tags.value.length > LONG;
  const sought = typed.trim().toLowerCase();
  const all = [...regular.value, ...(negative.value ? [negative.value] : [])];
  return (
    <aside class="tagbar" aria-label="Tags">
      <h2>
        Tags <small>{tags.value.length || ""}</small>
      </h2>
      <OneStop label="Tags" main=".tag">
        <ul>
          {all.map((tag, place) => (
            (!isLong || tag.name.toLowerCase().includes(sought)) && <Row key={tag.id} tag={tag} digit={digitOf(tag, place)} there={tag.id === there} {...props} />
          ))}
        </ul>
      </OneStop>
      <NewTag name={typed} setName={setTyped} onThere={setThere} text={isLong ? "Find or add" : "+ New tag"} />
      {isOffered.value && <LivePanel />}
      {isDetector.value && <QuietPanel />}
    </aside>
  );
}

/** More tags than are in sight at once: what is typed finds some of them. */
const LONG = 12;

const minimum = () => (isDetector.value ? limits.value?.imagesPerTagDetection : limits.value?.imagesPerTag) ?? 0;
const digitOf = (tag: Tag, place: number) => (tag.type === "Negative" ? "0" : place < 9 ? String(place + 1) : "");

interface RowProps extends Props {
  tag: Tag;
  digit: string;
  /** Somebody asked for a new tag of this name. */
  there: boolean;
}

function Row({ tag, digit, there, shown, onShow, onGive }: RowProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (there) row.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [there]);
  const [renaming, setRenaming] = useState(false);
  const lacking = tag.type === "Negative" ? 0 : Math.max(0, minimum() - tag.imageCount);
  const title = lacking ? `${tag.name}: ${lacking} more and it can be trained` : tag.name;
  if (renaming) return <li><Rename tag={tag} onEnd={() => setRenaming(false)} /></li>;
  return (
    <li ref={row} class={`${shown.includes(tag.id) ? "shown" : ""}${there ? " there" : ""}`}>
      <button class="digit" disabled={!!lacks(LABELERS)} title={lacks(LABELERS) || `Give ${tag.name}`} aria-label={`${digit || "·"} Give ${tag.name}`} onClick={() => onGive(tag)}>
        {digit || "·"}
      </button>
      <button class="tag" title={title} aria-pressed={shown.includes(tag.id)} onClick={() => onShow(tag.id)}>
        <i style={{ background: colourOf(tag.id) }} />
        <span class="name">{tag.name}</span>
        <span class={`count${lacking ? " lacking" : ""}`}>{tag.imageCount.toLocaleString()}</span>
        <Amount images={tag.imageCount} least={tag.type === "Negative" ? 0 : minimum()} />
      </button>
      <Menu label={`More of ${tag.name}`} text={<Icon name="more" />}>
        <button role="menuitem" disabled={!!lacks(LABELERS)} title={lacks(LABELERS)} onClick={() => setRenaming(true)}>
          Rename
        </button>
        <button role="menuitem" disabled={!!lacks(LABELERS)} title={lacks(LABELERS)} onClick={() => confirmed(tag) && void removeTag(tag)}>
          Delete
        </button>
      </Menu>
    </li>
  );
}

const confirmed = (tag: Tag) => !tag.imageCount || confirm(`Take ${tag.name} from ${tag.imageCount.toLocaleString()} images and delete it? This can't be undone.`);

function Rename({ tag, onEnd }: { tag: Tag; onEnd: () => void }) {
  const [name, setName] = useState(tag.name);
  const end = (event: Event) => {
    event.preventDefault();
    void renameTag(tag, name);
    onEnd();
  };
  return (
    <form class="new" onSubmit={end}>
      <input aria-label="Name" maxLength={128} value={name} autofocus onInput={(event) => setName(event.currentTarget.value)} onBlur={onEnd} onKeyDown={(event) => event.key === "Escape" && onEnd()} />
    </form>
  );
}

interface NewTagProps {
  name: string;
  setName: (change: string | ((typed: string) => string)) => void;
  onThere: (tagId: string) => void;
  text: string;
}

/** The field is free for the next name at once. A name that is refused comes back to be mended; one that there is already is shown. */
function NewTag({ name, setName, onThere, text }: NewTagProps) {
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const type = (text: string) => (setName(text), onThere(""));
  const add = async (event: Event) => {
    event.preventDefault();
    const { value: before } = tags;
    type("");
    // One after the other: digits follow the order in which tags are made.
    const made = (last.current = addTag(name, "Regular", last.current));
    const tag = await made;
    if (!tag) return setName((typed) => typed || name);
    if (!before.includes(tag)) return;
    say(`There is a tag ${tag.name} already.`);
    onThere(tag.id);
  };
  return (
    <form class="new" onSubmit={add}>
      <input
        aria-label="New tag"
        placeholder={text}
        maxLength={128}
        disabled={!!lacks(LABELERS)}
        title={lacks(LABELERS)}
        value={name}
        onInput={(event) => type(event.currentTarget.value)}
      />
    </form>
  );
}
