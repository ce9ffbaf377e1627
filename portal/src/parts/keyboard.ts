// Who answers to the keys: the screen that was shown last, by the actions of the one table.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { actionOf, combination, type Place } from "../model/keys";
import type { Role } from "../api/client";
import { say } from "../state/notices";
import { preferences } from "../state/preferences";
import { lacks, may } from "../state/session";

/** Called with the combination that was pressed. An answer of `false` leaves the key to the browser. */
export type Handlers = Record<string, ((pressed: string, event: KeyboardEvent) => unknown) | undefined>;

interface Listener {
  place: Place;
  handlers: { current: Handlers };
}

const listeners: Listener[] = [];
const DOT_MS = 1500;
let dotted = 0;

/** Answer to actions while the component is shown. The last one to be shown is asked first. */
export function useKeys(place: Place, handlers: Handlers): void {
  const current = useRef(handlers);
  current.current = handlers;
  // As soon as it is seen, and not a moment later: the next key may be on its way.
  useLayoutEffect(() => {
    const listener = { place, handlers: current };
    listeners.push(listener);
    return () => void listeners.splice(listeners.indexOf(listener), 1);
  }, [place]);
}

/** Take the focus where nothing else has it, so that Tab begins with what a screen is for; again after what may have taken it away. */
export function useFocus(element: RefObject<HTMLElement | null>, after?: unknown): void {
  useEffect(() => void (document.activeElement === document.body && element.current?.focus({ preventScroll: true })), [after]);
}

/** For that with which a screen begins, where that is no control: the focus goes there, and Tab on from there. */
export function useBeginning<Kind extends HTMLElement>() {
  const ref = useRef<Kind>(null);
  useFocus(ref);
  return { ref, tabIndex: -1 };
}

/** Who lacks the role is told so, by a key as by a button. */
export const permitted =
  <Given extends unknown[]>(roles: readonly Role[], then: (...given: Given) => unknown) =>
  (...given: Given) => (may(roles) ? then(...given) : void say(lacks(roles)));

addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  const pressed = sequence(combination(event));
  if (!pressed || isTyping(event, pressed) || !allowed(pressed)) return;
  for (const { place, handlers } of listeners.toReversed()) {
    const action = actionOf(pressed, place, preferences.value.keys);
    const handler = action === undefined ? undefined : handlers.current[action];
    if (!handler || (!isHeld(action, event) && handler(pressed, event) === false)) continue;
    event.preventDefault();
    return;
  }
});

/** Who rests a hand on Enter does not accept one page after the other. */
const isHeld = (action: string | undefined, { repeat }: KeyboardEvent) => repeat && action === "accept";

/** A dot waits for what follows it. */
function sequence(pressed: string): string {
  const after = Date.now() - dotted < DOT_MS;
  dotted = pressed === "." ? Date.now() : 0;
  return pressed === "." ? "" : after ? `.${pressed}` : pressed;
}

/** Fields keep what people type, and controls the keys that work them. */
function isTyping(event: KeyboardEvent, pressed: string): boolean {
  const target = event.target;
  // Until the page is drawn again, a dialog that was closed has the focus where nothing had it before.
  if (!(target instanceof HTMLElement) || target.closest("dialog:not([open])")) return false;
  if (target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range])")) return pressed !== "Escape" || target.matches("[data-escape]");
  if (target.matches("input[type=range]")) return /^(Arrow|Home|End|Page)/.test(pressed);
  if (target.matches("button, a, summary, input, [role=menuitem]")) return pressed === "Enter" || pressed === "Space";
  return false;
}

/** Who speaks to the machine may switch single keys off. */
const allowed = (pressed: string) => preferences.value.singleKeys || pressed.length > 2;
