// What a part of a screen reads by itself.

import { useEffect } from "preact/hooks";
import { Refused } from "../api/send";
import { fail } from "../state/notices";
import { returns } from "../state/silence";

/** Read it for each `key`, and again when the service is back: of its silence all screens tell. */
export function useReading(read: () => Promise<void>, doing: string, key: string | undefined): void {
  const tell = (fault: unknown) => (fault instanceof Refused && fault.unanswered) || fail(fault, doing);
  useEffect(() => void read().catch(tell), [key, returns.value]);
}
