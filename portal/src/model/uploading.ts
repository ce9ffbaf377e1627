// What was dropped, before it is sent: folders as tags, and files that no service would take.

export interface Folder {
  name: string;
  files: File[];
  /** The name of the tag that its pictures get; empty for none. */
  tag: string;
}

const MAGIC: [string, number[]][] = [
  ["jpeg", [0xff, 0xd8, 0xff]],
  ["png", [0x89, 0x50, 0x4e, 0x47]],
  ["gif", [0x47, 0x49, 0x46, 0x38]],
  ["bmp", [0x42, 0x4d]],
];

/** Pictures of other kinds, by which people know them. */
const OTHERS: [string, RegExp][] = [
  ["HEIC", /^.{4}ftyp(hei|hev|mif1|msf1)/s],
  ["AVIF", /^.{4}ftypavi/s],
  ["WebP", /^RIFF.{4}WEBP/s],
  ["TIFF", /^(II\*\0|MM\0\*)/],
];

/** The kind of a picture by its first bytes; empty where it is none that the service reads. */
export const kindOf = (head: Uint8Array) => MAGIC.find(([, magic]) => magic.every((byte, place) => head[place] === byte))?.[0] ?? "";

/** Why the service would refuse it; empty where it would not by what can be seen from here. */
export async function fault(file: File, most: number): Promise<string> {
  if (file.size > most) return `${megabytes(file.size)}, and at most ${megabytes(most)} are taken; save it smaller, with fewer pixels or as a JPEG`;
  if (!file.size) return "empty; copy it again";
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  if (kindOf(head)) return "";
  const other = OTHERS.find(([, mark]) => mark.test(String.fromCharCode(...head)))?.[0];
  if (other === "HEIC") return "HEIC, as iPhones save it; export it as a JPEG, or choose Settings, Camera, Formats, Most Compatible";
  return `${other ?? "not a JPEG, PNG, GIF or BMP"}; save it as ${other ? "a JPEG" : "one"}`;
}

const megabytes = (bytes: number) => `${(bytes / 1_048_576).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`;

/** By the folder in which they lay, in the order of their names; what lay in none gets no tag. */
export function folders(files: readonly { file: File; folder: string }[]): Folder[] {
  const named = new Map<string, File[]>();
  for (const { file, folder } of files) {
    if (!named.has(folder)) named.set(folder, []);
    named.get(folder)!.push(file);
  }
  const found = [...named].map(([name, files]) => ({ name, files, tag: name }));
  return found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}
