// The project of the address, opened.

import { useEffect, useState } from "preact/hooks";
import { open } from "../../state/project";
import { returns } from "../../state/silence";

/** What stands in the way of opening it; null while nothing does. */
export function useOpened(id: string): unknown {
  const [fault, setFault] = useState<unknown>(null);
  useEffect(() => {
    open(id).then(() => setFault(null), setFault);
  }, [id, returns.value]);
  return fault;
}
