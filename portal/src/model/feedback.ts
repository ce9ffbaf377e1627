// Which pictures of cameras are kept to be labelled, as a person types it: per cent, and a number a day.

import type { CameraFeedback } from "../api/client";

export interface FeedbackForm {
  isOn: boolean;
  lowest: string;
  highest: string;
  share: string;
  perDay: string;
}

export type Field = "lowest" | "highest" | "share" | "perDay";

const MOST_A_DAY = 10_000;
/** What is offered where nothing is set yet. */
const USUAL: CameraFeedback = { lowest: 0.3, highest: 0.7, share: 0.01, perDay: 50 };

export const isOff = ({ perDay }: CameraFeedback) => perDay === 0;

export function written(held: CameraFeedback): FeedbackForm {
  const { lowest, highest, share, perDay } = isOff(held) ? USUAL : held;
  return { isOn: !isOff(held), lowest: percent(lowest), highest: percent(highest), share: percent(share), perDay: String(perDay) };
}

/** Without the digits that binary fractions bring along. */
const percent = (part: number) => String(Number((part * 100).toFixed(4)));

/** What is wrong with which field. */
export function faults({ lowest, highest, share, perDay }: FeedbackForm): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  for (const [field, text] of Object.entries({ lowest, highest, share })) if (!isBetween(text, 0, 100)) found[field as Field] = "A number from 0 to 100";
  if (!isBetween(perDay, 1, MOST_A_DAY) || !Number.isInteger(Number(perDay))) found.perDay = `A whole number from 1 to ${MOST_A_DAY.toLocaleString("en")}`;
  if (!found.lowest && !found.highest && Number(lowest) > Number(highest)) found.highest = "Not less than the lowest";
  return found;
}

const isBetween = (text: string, least: number, most: number) => text.trim() !== "" && Number(text) >= least && Number(text) <= most;

/** What the service is sent. */
export function read({ isOn, lowest, highest, share, perDay }: FeedbackForm): CameraFeedback {
  if (!isOn) return { lowest: 0, highest: 1, share: 0, perDay: 0 };
  return { lowest: Number(lowest) / 100, highest: Number(highest) / 100, share: Number(share) / 100, perDay: Number(perDay) };
}
