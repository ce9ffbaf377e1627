// Where the focus goes after an undo.

import { useLayoutEffect, useRef } from "preact/hooks";
import { concerned } from "../../state/outbox";

/** The focus goes to the image that was undone, or done again, where the grid has it. */
export function useConcerned(indexOf: (imageId: string) => number, to: (index: number) => void): void {
  const before = useRef(concerned.value);
  useLayoutEffect(() => {
    const { current } = before;
    before.current = concerned.value;
    const index = concerned.value && concerned.value !== current ? indexOf(concerned.value.imageId) : -1;
    if (index >= 0) to(index);
  }, [concerned.value]);
}
