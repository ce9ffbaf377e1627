// Which stored predictions are shown, as it stands in the address, and as the service is asked for them.

import type { PredictionOrder, PredictionQueryToken } from "../api/client";
import { fraction } from "./suggesting";

export interface PredictionFilter {
  order: PredictionOrder;
  iterationId: string;
  /** Of the last so many days; 0 for all. */
  days: number;
  tagId: string;
  low: number;
  high: number;
  application: string;
}

export const ANY: PredictionFilter = { order: "Suggested", iterationId: "", days: 0, tagId: "", low: 0, high: 1, application: "" };
export const ORDERS: readonly PredictionOrder[] = ["Suggested", "Newest", "Oldest"];
export const DAYS = [1, 7, 30];
const DAY_MS = 86_400_000;

export function readPredicting(text: string): PredictionFilter {
  const given = new URLSearchParams(text);
  const low = fraction(given.get("low"), ANY.low);
  return {
    order: ORDERS.find((each) => each === given.get("order")) ?? ANY.order,
    iterationId: given.get("iteration") ?? "",
    days: DAYS.find((each) => String(each) === given.get("days")) ?? 0,
    tagId: given.get("tag") ?? "",
    low,
    high: Math.max(low, fraction(given.get("high"), ANY.high)),
    application: given.get("application") ?? "",
  };
}

/** Without what is as usual; with its question mark, or empty. */
export function writePredicting(filter: PredictionFilter): string {
  const written = new URLSearchParams();
  const put = (name: string, value: string | number, usual: string | number) => value !== usual && written.set(name, String(value));
  put("order", filter.order, ANY.order);
  put("iteration", filter.iterationId, "");
  put("days", filter.days, 0);
  put("tag", filter.tagId, "");
  put("low", filter.low, ANY.low);
  put("high", filter.high, ANY.high);
  put("application", filter.application, "");
  const query = written.toString();
  return query ? `?${query}` : "";
}

export const isAnything = (filter: PredictionFilter) => writePredicting({ ...filter, order: ANY.order }) === "";

export const tokenOf = (filter: PredictionFilter, now: number): PredictionQueryToken => ({
  orderBy: filter.order,
  ...(filter.iterationId ? { iterationId: filter.iterationId } : {}),
  ...(filter.days ? { startTime: new Date(now - filter.days * DAY_MS).toISOString() } : {}),
  ...(filter.tagId ? { tags: [{ id: filter.tagId, minThreshold: filter.low, maxThreshold: filter.high }] } : {}),
  ...(filter.application ? { application: filter.application } : {}),
});
