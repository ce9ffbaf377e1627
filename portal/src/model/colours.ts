// Twelve colours of tags that colour-blind eyes tell apart, in the order in which tags get them.

export const COLOURS = 12;

/** The place of a tag's colour: tags in the order of their names keep theirs while others come and go. */
export function colourOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return sum % COLOURS;
}

/** Colours for tags in this order: the first twelve differ. */
export function colours(ids: readonly string[]): Map<string, number> {
  return new Map(ids.map((id, place) => [id, place % COLOURS]));
}
