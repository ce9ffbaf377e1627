// A button with a menu under it: the browser's own popover, closed by Esc, by a click beside it, and by a choice.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useId, useRef, useState } from "preact/hooks";

interface Props {
  label: string;
  text: ComponentChildren;
  children: ComponentChildren;
}

const GAP = 4;
const EDGE = 8;

export function Menu({ label, text, children }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  /** Its choices are made when it opens first: a page has a menu for each tag. */
  const [made, setMade] = useState(false);
  const [open, setOpen] = useState(false);
  const place = () => {
    const at = button.current!.getBoundingClientRect();
    const size = menu.current!.getBoundingClientRect();
    menu.current!.style.top = `${Math.min(at.bottom + GAP, innerHeight - size.height - EDGE)}px`;
    menu.current!.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - size.width - EDGE))}px`;
  };
  useLayoutEffect(() => {
    if (!open) return;
    place();
    menu.current!.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
    // Whoever zooms, or turns the screen, still has it in sight.
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, [open]);
  return (
    <>
      <button ref={button} class="quiet icon" aria-label={label} title={label} aria-haspopup="menu" popovertarget={id}>
        {text}
      </button>
      <div
        ref={menu}
        id={id}
        class="menu"
        popover="auto"
        role="menu"
        aria-label={label}
        onBeforeToggle={() => setMade(true)}
        onToggle={(event) => setOpen(event.newState === "open")}
        onKeyDown={step}
        onClick={(event) => event.target instanceof Element && event.target.closest("[role^=menuitem]") && menu.current?.hidePopover()}
      >
        {made && children}
      </div>
    </>
  );
}

/** Arrows go through a menu. */
function step(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || !(event.currentTarget instanceof Element)) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  items.at((items.indexOf(document.activeElement as HTMLElement) + by) % items.length)?.focus();
  event.preventDefault();
  event.stopPropagation();
}
