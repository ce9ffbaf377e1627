// What a training needs of a project, and what keeps it from one: the service's own rules, said before it is asked.

import type { Iteration, Tag } from "../api/client";

export interface Needs {
  detector: boolean;
  /** Images of each tag. */
  least: number;
}

export interface Lack {
  tag: Tag;
  missing: number;
}

/** So many images of a tag are a good beginning. */
export const GOOD = 50;

/** How much of a good beginning they are, in per cent. */
export const shareOfGood = (images: number) => Math.min((100 * images) / GOOD, 100);

/** The tags with too few images, those first that lack least. */
export function lacking(tags: readonly Tag[], { least }: Needs): Lack[] {
  const lacks = tags.map((tag) => ({ tag, missing: least - tag.imageCount })).filter(({ missing }) => missing > 0);
  return lacks.sort((a, b) => a.missing - b.missing);
}

/** What keeps these tags as a whole from being trained; empty where nothing does. */
export function obstacle(tags: readonly Tag[], { detector }: Needs): string {
  const negative = tags.find(({ type }) => type === "Negative");
  if (detector && negative) return `A detector has no negative tag: delete ${negative.name}, and mark images without objects by the key 0.`;
  if (detector) return tags.length ? "" : "Draw boxes of at least one tag.";
  if (tags.length < 2 || tags.every(({ type }) => type === "Negative")) return "A classifier tells at least two tags apart. Tag images with another one.";
  return "";
}

/** With so many images with boxes a detector begins to be of use; then twice as many, so many more, or of many a share. */
const FIRST = 10;
const MORE = 20;
const SHARE = 1 / 4;

/** How many labelled images begin the next training by themselves, where the last one learned from so many. */
export const nextAt = (learned: number) => learned + Math.max(FIRST, Math.min(learned, MORE), Math.ceil(SHARE * learned));

/** The newest first. */
export const newestFirst = (iterations: readonly Iteration[]) => [...iterations].sort((a, b) => b.created.localeCompare(a.created));

const MINUTE = 60;

/** How many seconds a training took. The service tells of begun minutes, which are too coarse for a quick one. */
export function took({ created, trainedAt, trainingTimeInMinutes }: Pick<Iteration, "created" | "trainedAt" | "trainingTimeInMinutes">): number {
  const seconds = (Date.parse(trainedAt ?? "") - Date.parse(created)) / 1000;
  return seconds > 0 ? Math.min(seconds, MINUTE * trainingTimeInMinutes) : MINUTE * trainingTimeInMinutes;
}

/** A moment for people, to the minute. */
export const shortTime = (time: string) => new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time of training for people: 95 s, 3 min, 1 h 5 min. */
export function lasting(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.max(Math.round(seconds), 0)} s`;
  const minutes = Math.round(seconds / MINUTE);
  const rest = minutes % MINUTE ? ` ${minutes % MINUTE} min` : "";
  return minutes < MINUTE ? `${minutes} min` : `${Math.floor(minutes / MINUTE)} h${rest}`;
}
