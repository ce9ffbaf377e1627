// A native dialog, which keeps the focus within and closes by Esc.

import type { ComponentChildren, RefObject } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  wide?: boolean;
  /** Puts it where it hides nothing that matters, then and whenever the window gets another size; else it is in the middle. */
  place?: ((dialog: HTMLDialogElement) => void) | undefined;
  onClose: () => void;
  children: ComponentChildren;
}

const FIRST = ".sheet :is(input, select, textarea, button, a.button):not(:disabled, .sheet > header *)";
/** What had the focus before a dialog that has just been closed: a dialog that follows it gives it back. */
let left: Element | null = null;

export function Dialog({ title, wide, place, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next key is pressed, so that it goes to the dialog.
  useLayoutEffect(() => {
    const before = left ?? document.activeElement;
    const lay = () => place?.(dialog.current!);
    dialog.current?.showModal();
    lay();
    addEventListener("resize", lay);
    return () => {
      removeEventListener("resize", lay);
      left = before;
      // Once the dialog is gone: until then nothing beside it takes the focus.
      queueMicrotask(() => {
        left = null;
        if (before instanceof HTMLElement) before.focus();
      });
    };
  }, []);
  useBegun(dialog);
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

/** The first field or button has the focus as soon as there is one, not the one that closes the dialog; once, unless something else has it. */
function useBegun(dialog: RefObject<HTMLDialogElement | null>): void {
  const begun = useRef(false);
  useLayoutEffect(() => {
    const first = begun.current ? null : dialog.current!.querySelector<HTMLElement>(FIRST);
    const isClose = !!document.activeElement?.closest("dialog header");
    begun.current ||= !!first || !isClose;
    if (first && isClose) first.focus();
  });
}
