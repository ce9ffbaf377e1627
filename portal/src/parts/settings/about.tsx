// What the project is called and what it learns: saved by one button, as a training after it goes by it.

import { useEffect, useState } from "preact/hooks";
import * as client from "../../api/client";
import type { ClassificationType, Project } from "../../api/client";
import { purpose } from "../../model/exporting";
import { say } from "../../state/notices";
import { domain, domains, isDetector, project } from "../../state/project";
import { go, pathOf } from "../../state/route";
import { lacks, me, TRAINERS } from "../../state/session";

interface Changes {
  name: string;
  description: string;
  domainId: string;
  classificationType: ClassificationType | null;
}

const of = ({ name, description, settings }: Project): Changes => ({ name, description: description ?? "", domainId: settings.domainId, classificationType: settings.classificationType });

/** What was changed and not saved, by the project: it is there again when somebody comes back. */
const drafts = new Map<string, Changes>();

/** Who leaves is told. */
function useUnsaved(id: string, isChanged: boolean): void {
  useEffect(() => () => {
    const back = { text: "Go back", run: () => go(pathOf(id, "settings")) };
    if (drafts.has(id) && me.value) say("What you changed in the settings is not saved.", { action: back });
  }, [id]);
  useEffect(() => {
    const ask = (event: Event) => isChanged && event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isChanged]);
}

export function About() {
  const before = of(project.value!);
  const { id } = project.value!;
  const [now, setNow] = useState(drafts.get(id) ?? before);
  const [fault, setFault] = useState("");
  const why = lacks(TRAINERS);
  const isChanged = JSON.stringify(now) !== JSON.stringify(before);
  if (isChanged) drafts.set(id, now);
  else drafts.delete(id);
  useUnsaved(id, isChanged);
  const set = (changes: Partial<Changes>) => setNow({ ...now, ...changes });
  const save = async (event: Event) => {
    event.preventDefault();
    setFault("");
    await saved(now).then(() => setNow(of(project.value!))).catch((refused) => setFault(refused instanceof Error ? refused.message : String(refused)));
  };
  return (
    <form class="card" aria-label="Project" onSubmit={save}>
      <h2>Project</h2>
      <Fields now={now} set={set} why={why} />
      {fault && (
        <p class="refusal" role="alert">
          {fault}
        </p>
      )}
      <div class="ends">
        {isChanged && (
          <button type="button" onClick={() => setNow(before)}>
            As it was
          </button>
        )}
        <button class="primary" disabled={!!why || !isChanged || !now.name.trim()} title={why}>
          Save
        </button>
      </div>
    </form>
  );
}

async function saved({ name, description, domainId, classificationType }: Changes): Promise<void> {
  const { id } = project.value!;
  const changed = await client.updateProject(id, { name: name.trim(), description, settings: { domainId, ...(classificationType ? { classificationType } : {}) } });
  if (project.value?.id === id) project.value = changed;
  say("The project's settings are saved.");
}

function Fields({ now, set, why }: { now: Changes; set: (changes: Partial<Changes>) => void; why: string }) {
  const fitting = domains.value.filter(({ type, enabled }) => enabled && type === domain.value?.type);
  const chosen = fitting.find(({ id }) => id === now.domainId);
  return (
    <fieldset class="stack" disabled={!!why} title={why}>
      <label>
        Name
        <input required maxLength={128} value={now.name} onInput={(event) => set({ name: event.currentTarget.value })} />
      </label>
      <label>
        Description
        <textarea rows={2} maxLength={4096} value={now.description} onInput={(event) => set({ description: event.currentTarget.value })} />
      </label>
      <div class="fields">
        <label>
          Domain
          <select value={now.domainId} onChange={(event) => set({ domainId: event.currentTarget.value })}>
            {fitting.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <small>{purpose(chosen)}</small>
        </label>
        {!isDetector.value && (
          <label>
            Tags of an image
            <select value={now.classificationType ?? ""} onChange={(event) => set({ classificationType: event.currentTarget.value as ClassificationType })}>
              <option value="Multiclass">one</option>
              <option value="Multilabel">many</option>
            </select>
            <small>The next training goes by it.</small>
          </label>
        )}
      </div>
    </fieldset>
  );
}
