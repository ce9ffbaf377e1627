// Whether the table of keys is shown.

import { signal } from "@preact/signals";

export const isHelping = signal(false);
export const help = () => void (isHelping.value = true);
