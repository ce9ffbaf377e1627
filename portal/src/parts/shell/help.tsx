// The table of keys, as a dialog.

import { KEYS, keysOf, shown, type Key } from "../../model/keys";
import { isHelping } from "../../state/helping";
import { prefer, preferences } from "../../state/preferences";
import { Dialog } from "../dialog";

const GROUPS: Key["group"][] = ["Label", "Choose", "Move", "Boxes", "Show", "Go"];

export function Help() {
  return (
    <Dialog title="Keys" wide onClose={() => (isHelping.value = false)}>
      <label class="check">
        <input type="checkbox" checked={preferences.value.singleKeys} onChange={(event) => prefer({ singleKeys: event.currentTarget.checked })} />
        Single keys work (switch them off if you speak to this machine)
      </label>
      <div class="keys">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {KEYS.filter((key) => key.group === group).map((key) => (
                <Row key={key.action + key.places.join()} row={key} />
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function Row({ row }: { row: Key }) {
  const keys = keysOf(row, preferences.value.keys);
  const several = row.action === "tag" ? ["1", "9"] : keys.slice(0, 2);
  return (
    <div>
      <dt>
        {several.map((key, place) => (
          <span key={key}>
            {place > 0 && (row.action === "tag" ? " – " : " ")}
            <kbd>{shown(key)}</kbd>
          </span>
        ))}
      </dt>
      <dd>{row.text}</dd>
    </div>
  );
}
