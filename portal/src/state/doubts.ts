// Images of which a call was sent that nobody heard of again: the service may still change them, and not for long.
// A later change of them that overtook it would be lost. So it waits, also after a reload of the tab.

/** The service starts nothing more of a call after so long. */
export const PATIENCE_SECONDS = 5;
/** By then it has ended what it started. */
const CERTAIN_MS = 2 * PATIENCE_SECONDS * 1000;
const PLACE = "ocellus.doubts";

type Doubts = Readonly<Record<string, number>>;

/** Until when, by image. */
let doubts: Doubts = JSON.parse(sessionStorage.getItem(PLACE) ?? "{}");

export const isInDoubt = (imageId: string) => (doubts[imageId] ?? 0) > Date.now();
/** Milliseconds until one less of them is in doubt. */
export const untilCertain = () => Math.min(...Object.values(doubts).map((until) => until - Date.now()).filter((left) => left > 0), CERTAIN_MS);

/** These images are in doubt until the call that follows is answered, which the answer of this function tells. */
export function doubt(imageIds: readonly string[]): () => void {
  const before = doubts;
  const until = Date.now() + CERTAIN_MS;
  keep({ ...before, ...Object.fromEntries(imageIds.map((id) => [id, until])) });
  return () => keep(before);
}

function keep(all: Doubts): void {
  const now = Date.now();
  doubts = Object.fromEntries(Object.entries(all).filter(([, until]) => until > now));
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(doubts));
  } catch {
    // There is no more room: then they are forgotten by a reload.
  }
}
