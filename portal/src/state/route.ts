// Where we are: the path and the query of the address, which say all that a screen shows.

import { computed, signal } from "@preact/signals";

export const BASE = "/portal/";

const place = signal({ path: location.pathname, search: location.search });

export const search = computed(() => place.value.search);

/** `/portal/projects/{id}/images` is the screen `images` of that project; `rest` is what follows. */
export const route = computed(() => {
  const [first, projectId = "", screen = "images", ...rest] = place.value.path.slice(BASE.length).split("/").filter(Boolean);
  return first === "projects" && projectId ? { screen, projectId, rest } : { screen: first ?? "projects", projectId: "", rest: [] };
});

export const pathOf = (projectId: string, screen: string, ...rest: string[]) => [BASE + "projects", projectId, screen, ...rest].join("/");

export function go(to: string, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  read();
}

/** Another query at the same place: a filter is no step back. */
export const setSearch = (text: string) => go(location.pathname + text, true);

function read(): void {
  place.value = { path: location.pathname, search: location.search };
}

addEventListener("popstate", read);
addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || !link.pathname.startsWith(BASE)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
