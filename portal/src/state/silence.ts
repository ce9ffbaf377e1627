// Whether the service answers, whoever asks; while it does not, it is asked until it does.

import { signal } from "@preact/signals";
import { getMe } from "../api/client";
import { Refused, UNANSWERED, whenHeard, whenSlow } from "../api/send";

const AGAIN_MS = 2000;
const PATIENCE_MS = 3000;

/** What to say of it; empty while the service answers. */
export const silence = signal("");
/** How often it was over: who lacks something asks again. */
export const returns = signal(0);

let timer = 0;

// A large picture is long on its way: whether the service answers at all, something small tells.
whenSlow(() => {
  if (silence.value) return;
  getMe({ signal: AbortSignal.timeout(PATIENCE_MS) }).catch((fault) => fault instanceof Refused || (silence.value = UNANSWERED));
});

whenHeard((said) => {
  clearTimeout(timer);
  if (said) timer = setTimeout(() => void getMe().catch(() => {}), AGAIN_MS);
  else if (silence.value) returns.value++;
  silence.value = said;
});
