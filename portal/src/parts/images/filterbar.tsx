// Which images are shown, in which order and size.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { isList, NO_LIST, type ImageQuery } from "../../model/query";
import { counted } from "../../model/labelling";
import * as pages from "../../state/pages";
import { prefer, preferences } from "../../state/preferences";
import { tagName } from "../../state/project";
import { LABELERS, lacks } from "../../state/session";
import { Filter } from "./filter";
import { SIZES } from "./gridkeys";
import { Segments } from "./segments";
import { Icon } from "../icon";
import { Menu } from "../menu";
import { useOneStop } from "../onestop";
import { choose } from "../uploads/uploader";

interface Props {
  query: ImageQuery;
  show: (changes: Partial<ImageQuery>) => void;
}

export function FilterBar({ query, show }: Props) {
  const alone = useOneStop(".filter");
  // The number that the segment has already; where images are labelled it would make the bar a line higher.
  const isSaid = !isList(query) && !query.tagIds.length && !query.search;
  return (
    <div class="filterbar" role="toolbar" aria-label="What is shown">
      <Segments shown={shownOf(query)} show={(status) => show({ ...NO_LIST, status })} />
      {query.like && <Filter text={`like ${pages.find(query.like)?.metadata?.["filename"] ?? "one image"}`} label="No longer only what is similar" onEnd={() => show({ like: "" })} />}
      <span ref={alone} class="filters">
        {query.tagIds.map((id) => (
          <Filter key={id} text={tagName(id)} label={`No longer only ${tagName(id)}`} onEnd={() => show({ tagIds: query.tagIds.filter((each) => each !== id) })} />
        ))}
      </span>
      {!isList(query) && <Search query={query} show={show} />}
      <span class="grow" />
      <span class={isSaid ? "unseen" : "total"} aria-live="polite">
        {pages.total.value === null ? "" : query.grouped ? counted(pages.total.value, "group of near-duplicates", "groups of near-duplicates") : counted(pages.total.value, "image")}
      </span>
      {!isList(query) && (
        <select aria-label="Order" value={query.order} onChange={(event) => show({ order: event.currentTarget.value as ImageQuery["order"] })}>
          <option value="Newest">newest</option>
          <option value="Oldest">oldest</option>
        </select>
      )}
      <input
        type="range"
        aria-label="Size of the pictures"
        min={SIZES.least}
        max={SIZES.most}
        step={SIZES.step}
        value={preferences.value.cell}
        onInput={(event) => prefer({ cell: Number(event.currentTarget.value) })}
      />
      <Add />
    </div>
  );
}

function shownOf({ like, grouped, mapped, status }: ImageQuery) {
  if (like) return "";
  return mapped ? "Map" : grouped ? "Groups" : status;
}

function Add() {
  const why = lacks(LABELERS);
  return (
    <span class="add">
      <button class="primary" disabled={!!why} title={why || "Or drop pictures anywhere"} onClick={() => choose()}>
        <Icon name="plus" /> Add images
      </button>
      <Menu label="More ways to add" text={<Icon name="more" />}>
        <button role="menuitem" disabled={!!why} title={why} onClick={() => choose()}>
          Pictures …
        </button>
        <button role="menuitem" disabled={!!why} title={why} onClick={() => choose(true)}>
          A folder, its folders as tags …
        </button>
      </Menu>
    </span>
  );
}

const PAUSE_MS = 250;

function Search({ query, show }: Props) {
  const [text, setText] = useState(query.search);
  // Before the next letter is typed, which it would undo.
  useLayoutEffect(() => setText(query.search), [query.search]);
  useEffect(() => {
    if (text === query.search) return;
    const timer = setTimeout(() => show({ search: text }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <Icon name="search" />
      <input type="search" placeholder="File name" aria-label="Search by the beginning of a file name" data-escape value={text} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()} />
    </label>
  );
}
