// Files and folders that are dropped or chosen, with the name of the folder that each lay in.

export interface Dropped {
  file: File;
  folder: string;
}

const isHidden = (name: string) => name.startsWith(".") || name === "Thumbs.db";

/** All that was dropped, folders with what is in them. */
export async function dropped(transfer: DataTransfer): Promise<Dropped[]> {
  // Read at once: after the event the browser takes them away.
  const items = [...transfer.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(items.map((item) => (item instanceof File ? [{ file: item, folder: "" }] : item ? walk(item, "") : [])));
  return found.flat();
}

/** All that was chosen in a file dialog. */
export const chosen = (files: FileList): Dropped[] =>
  [...files].filter(({ name }) => !isHidden(name)).map((file) => ({ file, folder: file.webkitRelativePath.split("/").at(-2) ?? "" }));

async function walk(entry: FileSystemEntry, folder: string): Promise<Dropped[]> {
  if (isHidden(entry.name)) return [];
  if (entry.isFile) return [{ file: await fileOf(entry as FileSystemFileEntry), folder }];
  const within = await entriesOf(entry as FileSystemDirectoryEntry);
  return (await Promise.all(within.map((each) => walk(each, entry.name)))).flat();
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));

/** A reader tells of a hundred at a time, until it tells of none. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}
