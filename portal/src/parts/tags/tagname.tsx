// A tag by its name: type two letters or more, Enter gives the first that has them; a new name makes a new tag.

import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import type { Tag } from "../../api/client";
import { found } from "../../model/names";
import { addTag, tags } from "../../state/project";
import { Dialog } from "../dialog";
import { colourOf } from "../grid/picture";

interface Asked {
  then: (tag: Tag) => void;
  /** Where the dialog lies, so that what is asked about is seen. */
  place?: ((dialog: HTMLDialogElement) => void) | undefined;
  /** Whether there is an answer or not. */
  onEnd?: () => void;
}

const asked = signal<Asked | null>(null);
const SHOWN = 8;

/** Ask for a tag. */
export const askForTag = (then: Asked["then"], more: Omit<Asked, "then"> = {}) => {
  asked.value = { then, ...more };
};

export const TagByName = () => asked.value && <Ask key="ask" asking={asked.value} />;

function Ask({ asking }: { asking: Asked }) {
  const [typed, setTyped] = useState("");
  const [place, setPlace] = useState(0);
  const matching = found(typed, tags.value).slice(0, SHOWN);
  const isNew = typed.trim() !== "" && !matching.some(({ name }) => name.toLowerCase() === typed.trim().toLowerCase());
  // A name of one letter begins many others.
  const choices = !isNew ? matching : typed.trim().length > 1 ? [...matching, undefined] : [undefined, ...matching];
  const count = choices.length;
  const close = () => {
    asked.value = null;
    asking.onEnd?.();
  };
  const taken = useRef(false);
  // A new tag takes its time. The dialog stays until it is there, so that the hand is still where it was asked for.
  const take = async (tag: Tag | undefined) => {
    if (taken.current) return;
    taken.current = true;
    const given = tag ?? (await addTag(typed));
    if (asked.peek() !== asking) return;
    taken.current = !!given;
    if (!given) return;
    close();
    asking.then(given);
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !count) return;
    event.preventDefault();
    setPlace((place + by + count) % count);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (count) void take(choices[place]);
  };
  return (
    <Dialog title="Tag" place={asking.place} onClose={close}>
      <form onSubmit={submit} class="stack">
        <input
          autofocus
          role="combobox"
          aria-label="Name of the tag"
          aria-expanded="true"
          aria-controls="tags-found"
          aria-activedescendant={count ? `found-${place}` : undefined}
          maxLength={128}
          value={typed}
          onInput={(event) => (setTyped(event.currentTarget.value), setPlace(0))}
          onKeyDown={step}
        />
        <Found choices={choices} typed={typed} place={place} take={(tag) => void take(tag)} />
      </form>
    </Dialog>
  );
}

interface FoundProps {
  /** No tag is the new one. */
  choices: readonly (Tag | undefined)[];
  typed: string;
  place: number;
  take: (tag: Tag | undefined) => void;
}

const Found = ({ choices, typed, place, take }: FoundProps) => (
  <ul id="tags-found" class="found" role="listbox" aria-label="Tags">
    {choices.map((tag, index) => (
      <li key={tag?.id ?? "new"} id={`found-${index}`} role="option" aria-selected={index === place} onClick={() => take(tag)}>
        {tag && <i style={{ background: colourOf(tag.id) }} />}
        {tag ? tag.name : `New tag “${typed.trim()}”`}
        {index === place && (
          <>
            <span class="grow" />
            <kbd aria-hidden="true">Enter</kbd>
          </>
        )}
      </li>
    ))}
  </ul>
);
