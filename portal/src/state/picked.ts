// The images that somebody drew a line around on the map: they stand in the grid beside it.

import { signal } from "@preact/signals";

export const picked = signal<readonly string[]>([]);
