// Notices where they hide nothing: in the column beside what a screen shows, or below it. Results politely, failures at once.

import { useLayoutEffect, useRef } from "preact/hooks";
import { dismiss, notices, type Notice } from "../state/notices";
import { route } from "../state/route";

/** The screens with a column at a side. */
const SIDES: Record<string, string> = { images: "left", predictions: "left", performance: "left", image: "right" };

export function Toasts() {
  const { projectId, screen } = route.value;
  const all = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => document.documentElement.style.setProperty("--notices", `${all.current!.offsetHeight}px`));
  const of = (tone: Notice["tone"]) => notices.value.filter((notice) => notice.tone === tone);
  return (
    <div ref={all} class={`toasts ${(projectId && SIDES[screen]) || ""}`}>
      <div role="status" aria-live="polite">
        {of("done").map((notice) => (
          <Toast key={notice.id} notice={notice} />
        ))}
      </div>
      <div role="alert">
        {of("failed").map((notice) => (
          <Toast key={notice.id} notice={notice} />
        ))}
      </div>
    </div>
  );
}

function Toast({ notice: { id, text, tone, picture, action, detail, lasting } }: { notice: Notice }) {
  const run = () => {
    action?.run();
    if (!lasting) dismiss(id);
  };
  return (
    <div class={`toast ${tone}`}>
      {picture && <img src={picture} alt="" />}
      <p>
        {text}
        {detail && <small>{detail}</small>}
      </p>
      {action && <button onClick={run}>{action.text}</button>}
      <button class="icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
        ✕
      </button>
    </div>
  );
}
