// A long list as one stop of Tab, as a toolbar is: arrows, Home and End go through it, and letters go to a name.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

const CONTROLS = "button:not(:disabled, [role^=menuitem]), a[href], [type=checkbox]:not(:disabled)";
const TYPED_MS = 700;

const all = (root: Element, selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const rowOf = (control: Element) => control.closest<HTMLElement>("li, tr") ?? (control as HTMLElement);

interface Props {
  label: string;
  /** Selects the control of each row that up, down and letters lead to. Left and right go to those beside it. */
  main: string;
  children: ComponentChildren;
}

export function OneStop({ label, main, children }: Props) {
  return (
    <div ref={useOneStop(main)} role="toolbar" aria-orientation="vertical" aria-label={label}>
      {children}
    </div>
  );
}

/** The same of a table or of links, which keep their own roles: what it answers is a `ref`. */
export function useOneStop(main: string): (root: HTMLElement | null) => void {
  const [root, setRoot] = useState<HTMLElement | null>(null);
  useEffect(() => (root ? kept(root, main) : undefined), [root, main]);
  return setRoot;
}

function kept(root: HTMLElement, main: string): () => void {
  let [last, isKeyed]: [HTMLElement | null, boolean] = [null, false];
  const hold = () => {
    const controls = all(root, CONTROLS);
    const mains = controls.filter((each) => each.matches(main));
    const stop = controls.find((each) => each === last) ?? mains.find((each) => each.matches("[aria-current], [aria-pressed=true]")) ?? mains[0];
    for (const each of controls) each.tabIndex = each === stop ? 0 : -1;
  };
  const find = finder();
  const observer = new MutationObserver(hold);
  const focused = ({ target }: FocusEvent) => {
    last = target as HTMLElement;
    // After a click, keys are for what the page shows.
    isKeyed = last.matches(":focus-visible");
    hold();
  };
  const pressed = (event: KeyboardEvent) => {
    const { target, key } = event;
    if (!isKeyed || !(target instanceof HTMLElement) || !target.matches(CONTROLS) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!/^(Arrow|Home|End|ContextMenu)|^\p{L}$/u.test(key) && !isMenu(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (isMenu(event)) rowOf(target).querySelector<HTMLElement>("[aria-haspopup]")?.click();
    else (key.length > 1 ? moved(root, main, target, key) : find(all(root, main), target, key))?.focus();
  };
  hold();
  observer.observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "aria-current", "aria-pressed"] });
  root.addEventListener("focusin", focused);
  root.addEventListener("keydown", pressed);
  return () => {
    observer.disconnect();
    root.removeEventListener("focusin", focused);
    root.removeEventListener("keydown", pressed);
  };
}

const isMenu = ({ key, shiftKey }: KeyboardEvent) => key === "ContextMenu" || (shiftKey && key === "F10");

/** Up and down keep to the column where rows have the same controls. */
function moved(root: HTMLElement, main: string, from: HTMLElement, key: string): HTMLElement | undefined {
  const side = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const controls = all(root, CONTROLS);
  if (side) return controls[controls.indexOf(from) + side];
  const mains = controls.filter((each) => each.matches(main));
  const row = mains.findIndex((each) => rowOf(each) === rowOf(from));
  const to = mains.at({ Home: 0, End: -1, ArrowUp: Math.max(row - 1, 0) }[key] ?? Math.min(row + 1, mains.length - 1));
  const [here, there] = [rowOf(from), to && rowOf(to)].map((each) => (each ? all(each, CONTROLS) : []));
  return (here!.length === there!.length ? there![here!.indexOf(from)] : undefined) ?? to;
}

/** Letters that follow fast are one name; the same letter again goes on to the next. */
function finder() {
  let [typed, since] = ["", 0];
  return (mains: readonly HTMLElement[], from: HTMLElement, key: string): HTMLElement | undefined => {
    typed = Date.now() - since < TYPED_MS && typed !== key ? typed + key : key;
    since = Date.now();
    const here = mains.findIndex((each) => rowOf(each) === rowOf(from)) + Number(typed === key);
    const name = (each: HTMLElement) => (each.querySelector(".name") ?? each).textContent.trim().toLowerCase();
    return [...mains.slice(here), ...mains.slice(0, here)].find((each) => name(each).startsWith(typed.toLowerCase()));
  };
}
