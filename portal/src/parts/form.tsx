// A dialog that does one thing.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog";

interface FormProps {
  title: string;
  doing: string;
  ready: boolean;
  run: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}

/** It says why it could not. */
export function Form({ title, doing, ready, run, onClose, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    await run().catch((refused) => setFault(refused instanceof Error ? refused.message : String(refused)));
    setBusy(false);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {children}
        {fault && (
          <p class="refusal" role="alert">
            {fault}
          </p>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" disabled={busy || !ready}>
            {doing}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
