// The one table of keys: it answers to them, renders the help, and hints on buttons.

export type Place = "grid" | "image" | "everywhere";

export interface Key {
  action: string;
  /** By `combination`; one of them is enough. */
  keys: readonly string[];
  places: readonly Place[];
  group: "Label" | "Move" | "Choose" | "Boxes" | "Show" | "Go";
  text: string;
}

const row = (action: string, keys: string, places: string, group: Key["group"], text: string): Key => ({
  action,
  keys: keys.split(" "),
  places: places.split(" ") as Place[],
  group,
  text,
});

export const KEYS: readonly Key[] = [
  row("tag", "1 2 3 4 5 6 7 8 9", "grid image", "Label", "Give the tag of that number, and go on; take it away where all have it"),
  row("name", "t", "grid image", "Label", "Type the name of a tag, a new one too"),
  row("negative", "0", "grid image", "Label", "Nothing of interest is here"),
  row("accept", "Enter", "grid image", "Label", "Accept what is suggested and not left out; the tag that a box looks like"),
  row("reject", "x", "grid image", "Label", "Leave a suggestion out; keep a label that looks wrong"),
  row("repeat", "r", "grid image", "Label", "Tag as the last time; the boxes of the image before"),
  row("undo", "Ctrl+z", "everywhere", "Label", "Take back the last step"),
  row("redo", "Ctrl+Shift+z Ctrl+y", "everywhere", "Label", "Do it again"),
  row("left", "ArrowLeft", "grid image", "Move", "To the left; the image before"),
  row("right", "ArrowRight", "grid image", "Move", "To the right; the next image"),
  row("up", "ArrowUp", "grid image", "Move", "Up"),
  row("down", "ArrowDown", "grid image", "Move", "Down"),
  row("pageUp", "PageUp", "grid", "Move", "A screen up"),
  row("pageDown", "PageDown", "grid", "Move", "A screen down"),
  row("first", "Home", "grid", "Move", "To the first image"),
  row("last", "End", "grid", "Move", "To the last image"),
  row("open", "Space", "grid", "Move", "From the grid into the image"),
  row("next", "Space", "image", "Move", "From an image to the next one"),
  row("mark", "m", "grid", "Choose", "Choose the image, or let it go"),
  row("extend", "Shift+ArrowLeft Shift+ArrowRight Shift+ArrowUp Shift+ArrowDown", "grid", "Choose", "Choose a range"),
  row("all", "Ctrl+a", "grid", "Choose", "Choose all of this view"),
  row("leave", "Escape", "grid image", "Choose", "Choose nothing; one step back"),
  row("delete", "Delete Backspace", "grid image", "Choose", "Delete the images, or the chosen box"),
  row("draw", "b", "image", "Boxes", "Draw; once more, Enter puts a box in the middle"),
  row("choose", "v", "image", "Boxes", "Choose boxes by a click within them"),
  row("duplicate", "d", "image", "Boxes", "Duplicate the box"),
  row("copy", "Ctrl+c", "image", "Boxes", "Copy the box, or all boxes"),
  row("paste", "Ctrl+v", "image", "Boxes", "Paste them into this image"),
  row("nextBox", "Tab", "image", "Boxes", "The next box"),
  row("previousBox", "Shift+Tab", "image", "Boxes", "The box before"),
  row("nudge", "Shift+ArrowLeft Shift+ArrowRight Shift+ArrowUp Shift+ArrowDown", "image", "Boxes", "Move the box by ten pixels"),
  row("size", "Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown Alt+Shift+ArrowLeft Alt+Shift+ArrowRight Alt+Shift+ArrowUp Alt+Shift+ArrowDown", "image", "Boxes", "Size the box"),
  row("hide", "h", "image", "Boxes", "Hide the boxes while it is held"),
  row("larger", "+ =", "grid image", "Show", "Larger"),
  row("smaller", "-", "grid image", "Show", "Smaller"),
  row("fit", "f", "image", "Show", "Fit the picture"),
  row("untagged", "u", "grid", "Show", "Untagged images, or all again"),
  row("suggested", "s", "grid", "Show", "Suggestions, or all again"),
  row("groups", "g", "grid", "Show", "Near-duplicates in stacks, or all again"),
  row("map", "k", "grid", "Show", "The map of the images, or all again"),
  row("similar", "l", "grid image", "Show", "The images that look most like this one"),
  row("unsure", "q", "grid", "Show", "What teaches the live model most, to be labelled"),
  row("doubts", "w", "grid", "Show", "Labels that look wrong"),
  row("raise", ">", "everywhere", "Show", "A higher threshold: only what is surer"),
  row("lower", "<", "everywhere", "Show", "A lower threshold: what is less sure, too"),
  row("search", "/", "everywhere", "Go", "Search"),
  row("help", "?", "everywhere", "Go", "This help"),
  row("images", ".1", "everywhere", "Go", "Images"),
  row("train", ".2", "everywhere", "Go", "Train"),
  row("performance", ".3", "everywhere", "Go", "Performance"),
  row("predictions", ".4", "everywhere", "Go", "Predictions"),
  row("cameras", ".5", "everywhere", "Go", "Cameras"),
  row("test", ".t", "everywhere", "Go", "Quick test"),
  row("settings", ".s", "everywhere", "Go", "Settings"),
  row("projects", ".0", "everywhere", "Go", "All projects"),
  row("publish", "p", "everywhere", "Go", "Publish the iteration that is shown"),
];

export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** How the table writes a press: digits by their place on the keyboard, all else by what it types; Cmd is Ctrl. */
export function combination(press: Press): string {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1];
  const held = press.ctrlKey || press.metaKey;
  if (digit && !held && !press.altKey && !press.shiftKey) return digit;
  const named = press.key === " " ? "Space" : press.key.length === 1 ? press.key.toLowerCase() : press.key;
  // Which signs need Shift is the keyboard's affair.
  const shift = press.shiftKey && (named.length > 1 || /\p{L}/u.test(named));
  return `${held ? "Ctrl+" : ""}${press.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${named}`;
}

/** The action of a combination at a place: of the place itself before everywhere's. */
export function actionOf(pressed: string, place: Place, changed: Readonly<Record<string, string>> = {}): string | undefined {
  const found = KEYS.filter((key) => keysOf(key, changed).includes(pressed));
  return (found.find((key) => key.places.includes(place)) ?? found.find((key) => key.places.includes("everywhere")))?.action;
}

/** The keys of a row, where a person has chosen others. */
export const keysOf = (key: Key, changed: Readonly<Record<string, string>> = {}): readonly string[] =>
  changed[key.action] ? [changed[key.action]!] : key.keys;

/** The actions of two rows that one key would mean at one place. */
export function conflicts(changed: Readonly<Record<string, string>> = {}): [string, string][] {
  const pairs = KEYS.flatMap((a, place) => KEYS.slice(place + 1).map((b) => [a, b] as const));
  const meet = (a: Key, b: Key) => a.places.some((place) => b.places.includes(place) || place === "everywhere" || b.places.includes("everywhere"));
  const clash = pairs.filter(([a, b]) => meet(a, b) && keysOf(a, changed).some((key) => keysOf(b, changed).includes(key)));
  return clash.map(([a, b]) => [a.action, b.action]);
}

const SHOWN: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del" };

/** A combination for people. */
export const shown = (key: string) =>
  key.replace(/^\.(.)$/, ".+$1").split(/(?<=.)\+/).map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");

export const hint = (action: string) => {
  const key = KEYS.find((each) => each.action === action);
  return key ? shown(key.keys[0]!) : "";
};
