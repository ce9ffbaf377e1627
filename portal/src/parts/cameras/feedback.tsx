// Pictures of cameras that the model is unsure of, kept to be labelled: off until somebody asks for it.

import { useState } from "preact/hooks";
import type { PublishedName } from "../../api/client";
import { faults, read, written, type FeedbackForm, type Field } from "../../model/feedback";
import { setFeedback } from "../../state/iterating";
import { project } from "../../state/project";
import { pathOf } from "../../state/route";
import { DEPLOYERS, lacks } from "../../state/session";
import "./feedback.css";

const FIELDS: { field: Field; text: string; unit: string }[] = [
  { field: "lowest", text: "Lowest probability", unit: "%" },
  { field: "highest", text: "Highest probability", unit: "%" },
  { field: "share", text: "Share of the others", unit: "%" },
  { field: "perDay", text: "At most", unit: "a day" },
];

export function Feedback({ name }: { name: PublishedName }) {
  const [form, setForm] = useState(written(name.cameraFeedback));
  const [state, setState] = useState({ busy: false, saved: "", refused: "" });
  const wrong = form.isOn ? faults(form) : {};
  const why = lacks(DEPLOYERS);
  const set = (changes: Partial<FeedbackForm>) => {
    setForm({ ...form, ...changes });
    setState({ busy: false, saved: "", refused: "" });
  };
  const save = async (event: Event) => {
    event.preventDefault();
    setState({ busy: true, saved: "", refused: "" });
    const refused = await setFeedback(name.name, read(form)).then(() => "", (fault) => (fault instanceof Error ? fault.message : String(fault)));
    setState({ busy: false, saved: refused ? "" : form.isOn ? "Kept from now on." : "Nothing is kept any more.", refused });
  };
  return (
    <section class="card" aria-label="Learn from what it is unsure of">
      <h2>Learn from what it is unsure of</h2>
      <p>
        Pictures whose most probable tag is neither sure nor unlikely teach most. They come among the <a href={pathOf(project.value!.id, "predictions")}>predictions</a>, to be labelled.
      </p>
      <form class="feedback" onSubmit={save}>
        <label class="check">
          <input type="checkbox" checked={form.isOn} disabled={!!why} title={why} onChange={(event) => set({ isOn: event.currentTarget.checked })} />
          Keep such pictures of {name.name}
        </label>
        {form.isOn && (
          <div class="fields">
            {FIELDS.map(({ field, text, unit }) => (
              <label key={field}>
                {text}
                <span>
                  <input inputMode="decimal" disabled={!!why} aria-invalid={!!wrong[field]} aria-describedby={wrong[field] ? `wrong-${field}` : undefined} value={form[field]} onInput={(event) => set({ [field]: event.currentTarget.value })} />
                  {unit}
                </span>
                {wrong[field] && (
                  <small id={`wrong-${field}`} class="refusal" role="alert">
                    {wrong[field]}
                  </small>
                )}
              </label>
            ))}
          </div>
        )}
        <p class="actions">
          <button class="primary" disabled={!!why || state.busy || Object.keys(wrong).length > 0} title={why}>
            Save
          </button>
          <span role="status">{state.saved}</span>
          {state.refused && (
            <span class="refusal" role="alert">
              {state.refused}
            </span>
          )}
        </p>
      </form>
    </section>
  );
}
