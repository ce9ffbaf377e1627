// What the page says in passing: results politely, failures at once.

import { signal } from "@preact/signals";
import { Refused } from "../api/send";

export interface Notice {
  id: number;
  text: string;
  tone: "done" | "failed";
  /** A picture that it is about. */
  picture?: string;
  action?: { text: string; run: () => void };
  detail?: string;
  /** It stays until it is dismissed. */
  lasting?: boolean;
}

const SECONDS = { done: 6, failed: 14 };
const MOST = 4;
let last = 0;

export const notices = signal<readonly Notice[]>([]);

export function say(text: string, more: Partial<Omit<Notice, "id" | "text">> = {}): number {
  const notice: Notice = { tone: "done", ...more, id: ++last, text };
  // The same words are there once.
  const all = [...notices.value.filter((each) => each.text !== text), notice];
  notices.value = all.filter(({ lasting }, place) => lasting || place >= all.length - MOST);
  if (!notice.lasting) setTimeout(() => dismiss(notice.id), SECONDS[notice.tone] * 1000);
  return notice.id;
}

export const dismiss = (id: number) => {
  notices.value = notices.value.filter((each) => each.id !== id);
};

/** What it offers can't be done any more; that it was done is still true. */
export const withdraw = (id: number) => {
  notices.value = notices.value.map(({ action, ...notice }) => (action && notice.id !== id ? { ...notice, action } : notice));
};

/** Tell of a fault by what the service says of it. */
export function fail(fault: unknown, doing = ""): void {
  const text = fault instanceof Error ? fault.message : String(fault);
  const detail = fault instanceof Refused && fault.requestId ? `${fault.code} · request ${fault.requestId}` : "";
  say(doing ? `${doing}: ${text}` : text, { tone: "failed", ...(detail ? { detail } : {}) });
}
