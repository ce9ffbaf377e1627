// Names that people type in part: which of those there are they mean.

/** Those that have the letters in this order; the best first: the beginning, then the beginning of a word, then any. */
export function found<Named extends { name: string }>(typed: string, all: readonly Named[]): Named[] {
  const wanted = typed.trim().toLowerCase();
  const ranked = all.map((each, place) => ({ each, place, rank: rank(wanted, each.name.toLowerCase()) }));
  return ranked.filter(({ rank }) => rank < 4).sort((a, b) => a.rank - b.rank || a.place - b.place).map(({ each }) => each);
}

/** A name of so many letters at most: what is too long is cut in the middle, as names that begin alike differ at the end. */
export function short(name: string, most: number): string {
  const end = Math.floor(most / 2);
  return name.length <= most ? name : `${name.slice(0, most - 1 - end)}…${name.slice(-end)}`;
}

function rank(wanted: string, name: string): number {
  if (name.startsWith(wanted)) return name === wanted ? -1 : 0;
  if (name.split(/[\s_-]+/).some((word) => word.startsWith(wanted))) return 1;
  if (name.includes(wanted)) return 2;
  let at = 0;
  for (const letter of name) if (letter === wanted[at]) at++;
  return at === wanted.length ? 3 : 4;
}
