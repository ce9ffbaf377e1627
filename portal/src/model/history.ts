// Undo and redo: steps with what they do and what takes them back, none of which knows how it is done.

export interface Step<Change> {
  label: string;
  redo: readonly Change[];
  undo: readonly Change[];
  /** What the service does by itself, to more images than a page knows of. */
  far?: { redo: () => void; undo: () => void };
}

export interface History<Change> {
  past: readonly Step<Change>[];
  future: readonly Step<Change>[];
}

export const STEPS = 200;

export const empty = <Change>(): History<Change> => ({ past: [], future: [] });

/** After a new step: what was taken back before can't be done again. */
export const done = <Change>(history: History<Change>, step: Step<Change>): History<Change> => ({
  past: [...history.past, step].slice(-STEPS),
  future: [],
});

/** After the last step was taken back; the history as it is where there is none. */
export function undone<Change>(history: History<Change>): History<Change> {
  const step = history.past.at(-1);
  return step ? { past: history.past.slice(0, -1), future: [step, ...history.future] } : history;
}

export function redone<Change>(history: History<Change>): History<Change> {
  const [step, ...future] = history.future;
  return step ? { past: [...history.past, step], future } : history;
}

/** Without a step that the service refused. */
export const without = <Change>(history: History<Change>, step: Step<Change>): History<Change> => ({
  past: history.past.filter((each) => each !== step),
  future: history.future.filter((each) => each !== step),
});
