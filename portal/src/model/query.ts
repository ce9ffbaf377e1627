// What the grid shows, as it stands in the address: a link shows a colleague the same.

export type Status = "All" | "Tagged" | "Untagged";
export type Order = "Newest" | "Oldest";

export interface ImageQuery {
  status: Status;
  tagIds: readonly string[];
  search: string;
  order: Order;
  /** Instead of all that: the images that look most like this one. */
  like: string;
  /** Instead of all that: near-duplicates, a stack in each cell. */
  grouped: boolean;
  /** Instead of all that: the images that were chosen on the map, beside it. */
  mapped: boolean;
}

export const EVERYTHING: ImageQuery = { status: "All", tagIds: [], search: "", order: "Newest", like: "", grouped: false, mapped: false };

/** Changes that leave what the live model lists. */
export const NO_LIST = { like: "", grouped: false, mapped: false };

export function readQuery(text: string): ImageQuery {
  const given = new URLSearchParams(text);
  const status = given.get("status");
  return {
    status: status === "Tagged" || status === "Untagged" ? status : "All",
    tagIds: (given.get("tags") ?? "").split(",").filter(Boolean),
    search: given.get("search") ?? "",
    order: given.get("order") === "Oldest" ? "Oldest" : "Newest",
    like: given.get("like") ?? "",
    grouped: given.has("groups"),
    mapped: given.has("map"),
  };
}

/** Without what is as usual; with its question mark, or empty. */
export function writeQuery(query: ImageQuery): string {
  const written = new URLSearchParams();
  if (query.status !== "All") written.set("status", query.status);
  if (query.tagIds.length) written.set("tags", query.tagIds.join(","));
  if (query.search) written.set("search", query.search);
  if (query.order !== "Newest") written.set("order", query.order);
  if (query.like) written.set("like", query.like);
  if (query.grouped) written.set("groups", "all");
  if (query.mapped) written.set("map", "all");
  const text = written.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}

export const isEverything = (query: ImageQuery) => query.status === "All" && !query.tagIds.length && !query.search && !isList(query);

/** Whether the live model lists the images, all at once, and nothing else of the query counts. */
export const isList = ({ like, grouped, mapped }: ImageQuery) => !!like || grouped || mapped;

/** The service's grammar of filters: images whose file name begins with the text; a quote is doubled. */
export const nameFilter = (search: string) => (search ? `startswith(filename,'${search.replaceAll("'", "''")}')` : undefined);

/** The parameters of the calls that list and count. */
export const parameters = (query: ImageQuery) => ({
  taggingStatus: query.status,
  ...(query.tagIds.length ? { tagIds: [...query.tagIds] } : {}),
  ...(query.search ? { filter: nameFilter(query.search) } : {}),
});

/** Whether an image belongs to what the query asks for; the search is the service's alone to answer. */
export function matches(query: ImageQuery, tagIds: readonly string[]): boolean {
  if (query.status === "Tagged" && !tagIds.length) return false;
  if (query.status === "Untagged" && tagIds.length) return false;
  return !query.tagIds.length || query.tagIds.some((id) => tagIds.includes(id));
}
