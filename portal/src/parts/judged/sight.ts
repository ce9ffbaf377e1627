// Whether what is suggested has been seen: Enter makes no labels of what nobody has looked at.

import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** A page that was there at so many looks in a row, some 300 ms, has been seen. */
const LOOKS = 4;
const LOOK_MS = 100;

/** Notes a page as seen once its pictures in sight have been there for a moment. */
export function useSight(page: object, seen: Signal<object | null>): void {
  useEffect(() => {
    let times = 0;
    const timer = setInterval(() => {
      times = isDrawn() ? times + 1 : 0;
      if (times < LOOKS) return;
      clearInterval(timer);
      seen.value = page;
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      seen.value = null;
    };
  }, [page]);
}

function isDrawn(): boolean {
  const cells = [...document.querySelectorAll(".grid .cell")];
  return cells.length > 0 && cells.every((cell) => !cell.matches(".vacant") && (cell.querySelector("img")?.complete ?? true));
}
