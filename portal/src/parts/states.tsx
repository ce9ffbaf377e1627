// What a place shows when it has nothing to show: not yet, not at all, or not any more.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api/send";
import { returns } from "../state/silence";
import { useBeginning } from "./keyboard";

const PATIENCE_MS = 300;

/** Nothing is shown of a wait that is over at once. */
export function Waiting({ text = "Loading" }: { text?: string }) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return <div class="state" aria-busy="true">{long && <p class="faint">{text} …</p>}</div>;
}

interface EmptyProps {
  title: string;
  heading?: object;
  children?: ComponentChildren;
}

export function Empty({ title, heading, children }: EmptyProps) {
  return (
    <div class="state">
      <h2 {...heading}>{title}</h2>
      {children}
    </div>
  );
}

/** The same in place of all that a screen is for: the focus is there, where nothing else has it. */
export const EmptyScreen = (given: EmptyProps) => <Empty {...given} heading={useBeginning()} />;

/** It tries again by itself where the service did not answer, and is back. */
export function Fault({ fault, title = "That did not work", again }: { fault: unknown; title?: string; again?: () => void }) {
  const refused = fault instanceof Refused ? fault : null;
  const { value } = returns;
  const [before] = useState(value);
  useEffect(() => {
    if (value > before && refused?.unanswered) again?.();
  }, [value]);
  return (
    <div class="state" role="alert">
      <h2>{title}</h2>
      <p>{fault instanceof Error ? fault.message : String(fault)}</p>
      {refused?.requestId && (
        <p class="faint">
          {refused.code} · request <code>{refused.requestId}</code>
        </p>
      )}
      {again && <button onClick={again}>Try again</button>}
    </div>
  );
}
