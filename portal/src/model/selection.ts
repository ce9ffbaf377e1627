// Which images are chosen: some of them, or all of a filter but some.

export interface Selection {
  /** Whether `ids` are those that are left out of all. */
  all: boolean;
  ids: ReadonlySet<string>;
}

export const NONE: Selection = { all: false, ids: new Set() };
export const ALL: Selection = { all: true, ids: new Set() };

export const isIn = (selection: Selection, id: string) => selection.ids.has(id) !== selection.all;
export const sizeOf = (selection: Selection, total: number) => (selection.all ? total - selection.ids.size : selection.ids.size);

export function toggled(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ...selection, ids };
}

/** With these, or without them. */
export function withIds(selection: Selection, some: Iterable<string>, chosen = true): Selection {
  const ids = new Set(selection.ids);
  for (const id of some) {
    if (chosen !== selection.all) ids.add(id);
    else ids.delete(id);
  }
  return { ...selection, ids };
}
