// Text that people take elsewhere: a line of it, or a block of code, with a button that copies it.

import { useState } from "preact/hooks";
import { fail } from "../../state/notices";

const SAID_MS = 1500;

function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  };
  return (
    <button class="copy" aria-label={`Copy ${label}`} onClick={() => void copy().catch((fault) => fail(fault, "Copying"))}>
      {done ? "Copied" : "Copy"}
    </button>
  );
}

export const Copied = ({ text, label }: { text: string; label: string }) => (
  <span class="copied">
    <code>{text}</code>
    <Copy text={text} label={label} />
  </span>
);

export const Code = ({ text, label }: { text: string; label: string }) => (
  <div class="code">
    <pre tabIndex={0} aria-label={label}>
      {text}
    </pre>
    <Copy text={text} label={label} />
  </div>
);
