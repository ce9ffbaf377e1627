// What has changed behind a view that keeps still, and the way to see it.

import { fresh, reopen, stale } from "../../state/pages";
import { forgetPlace } from "../../state/view";

export function Arrival() {
  const parts = [fresh.value && `${fresh.value.toLocaleString()} new`, stale.value && `${stale.value.toLocaleString()} no longer fit`].filter(Boolean);
  if (!parts.length) return null;
  const show = () => {
    forgetPlace();
    void reopen();
  };
  return (
    <button class="arrival" onClick={show}>
      {parts.join(", ")} · Show
    </button>
  );
}
