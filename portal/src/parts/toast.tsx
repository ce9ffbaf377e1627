// Notices in the corner: results politely, failures at once.

import { dismiss, notices, type Notice } from "../state/notices";

export function Toasts() {
  const of = (tone: Notice["tone"]) => notices.value.filter((notice) => notice.tone === tone);
  return (
    <div class="toasts">
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
