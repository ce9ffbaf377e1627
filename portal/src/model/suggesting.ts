// Which suggestions are shown, as it stands in the address.

export interface SuggestionQuery {
  /** Empty for the iteration that was trained last. */
  iterationId: string;
  /** Empty for all tags. */
  tagId: string;
  threshold: number;
}

export const USUAL_THRESHOLD = 0.8;

/** Null where the address is not of suggestions. */
export function readSuggesting(text: string): SuggestionQuery | null {
  const given = new URLSearchParams(text);
  const iteration = given.get("suggested");
  if (iteration === null) return null;
  return { iterationId: iteration === "last" ? "" : iteration, tagId: given.get("tag") ?? "", threshold: fraction(given.get("threshold"), USUAL_THRESHOLD) };
}

export function writeSuggesting({ iterationId, tagId, threshold }: SuggestionQuery): string {
  const written = new URLSearchParams({ suggested: iterationId || "last" });
  if (tagId) written.set("tag", tagId);
  if (threshold !== USUAL_THRESHOLD) written.set("threshold", String(threshold));
  return `?${written}`;
}

/** A number from 0 to 1; another text is as usual. */
export function fraction(text: string | null, usual: number): number {
  const value = text ? Number(text) : NaN;
  return value >= 0 && value <= 1 ? value : usual;
}
