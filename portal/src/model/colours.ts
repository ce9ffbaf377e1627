// Twelve colours of tags that colour-blind eyes tell apart, in the order in which tags get them.

export const COLOURS = 12;

/** Colours for tags in this order: the first twelve differ. */
export function colours(ids: readonly string[]): Map<string, number> {
  return new Map(ids.map((id, place) => [id, place % COLOURS]));
}
