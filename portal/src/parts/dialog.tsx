// A native dialog, which keeps the focus within and closes by Esc.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  wide?: boolean;
  /** Puts it where it hides nothing that matters, then and whenever the window gets another size; else it is in the middle. */
  place?: ((dialog: HTMLDialogElement) => void) | undefined;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, wide, place, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next key is pressed, so that it goes to the dialog.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const lay = () => place?.(dialog.current!);
    dialog.current?.showModal();
    lay();
    addEventListener("resize", lay);
    return () => {
      removeEventListener("resize", lay);
      // Once the dialog is gone: until then nothing beside it takes the focus.
      if (before instanceof HTMLElement) queueMicrotask(() => before.focus());
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={place ? "beside" : wide ? "wide" : ""}
      aria-labelledby={id}
      onClose={onClose}
      onPointerDown={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="sheet">
        <header>
          <h2 id={id}>{title}</h2>
          <button class="quiet icon" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
