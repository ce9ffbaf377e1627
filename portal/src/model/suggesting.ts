// Which suggestions are shown, as it stands in the address.

/** What the live model is asked for: pages of the surest of one tag, what teaches it most, or labels in doubt. */
export type LiveShow = "sure" | "unsure" | "doubts";

export interface SuggestionQuery {
  /** Empty for whoever can suggest: the live model, or the iteration that was trained last. */
  iterationId: string;
  /** Empty for all tags. */
  tagId: string;
  threshold: number;
  /** Of the live model alone. */
  show: LiveShow;
}

/** Stands for the live model where an iteration would be named. */
export const LIVE = "live";
export const USUAL_THRESHOLD = 0.8;
export const USUAL: SuggestionQuery = { iterationId: "", tagId: "", threshold: USUAL_THRESHOLD, show: "sure" };

/** Null where the address is not of suggestions. */
export function readSuggesting(text: string): SuggestionQuery | null {
  const given = new URLSearchParams(text);
  const iteration = given.get("suggested");
  if (iteration === null) return null;
  const show = given.get("show");
  return {
    iterationId: iteration === "last" ? "" : iteration,
    tagId: given.get("tag") ?? "",
    threshold: fraction(given.get("threshold"), USUAL_THRESHOLD),
    show: show === "unsure" || show === "doubts" ? show : "sure",
  };
}

export function writeSuggesting({ iterationId, tagId, threshold, show }: SuggestionQuery): string {
  const written = new URLSearchParams({ suggested: iterationId || "last" });
  if (show !== "sure") written.set("show", show);
  if (tagId) written.set("tag", tagId);
  if (threshold !== USUAL_THRESHOLD) written.set("threshold", String(threshold));
  return `?${written}`;
}

const STEPS = 20;
const HIGHEST = 0.99;

/** The next threshold that a key leads to, by five per cent: none leads to 1, which nothing reaches. */
export function stepped(threshold: number, by: 1 | -1): number {
  const place = by > 0 ? Math.floor(threshold * STEPS + 1e-6) : Math.ceil(threshold * STEPS - 1e-6);
  return Math.min(Math.max((place + by) / STEPS, 0), HIGHEST);
}

/** A number from 0 to 1; another text is as usual. */
export function fraction(text: string | null, usual: number): number {
  const value = text ? Number(text) : NaN;
  return value >= 0 && value <= 1 ? value : usual;
}
