// When the pictures in sight are there, or lost: what may wait would keep them waiting.

import * as pages from "../state/pages";

export async function pictured(): Promise<void> {
  await pages.opened;
  await new Promise(requestAnimationFrame);
  await Promise.all(Array.from(document.querySelectorAll<HTMLImageElement>(".grid img"), (picture) => picture.decode().catch(() => {})));
}
