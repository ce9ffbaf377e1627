// A copy of the project, by a token: for another installation, or for this one.

import { useState } from "preact/hooks";
import * as client from "../../api/client";
import type { ProjectExport } from "../../api/client";
import { counted } from "../../model/labelling";
import { project } from "../../state/project";
import { BASE, go } from "../../state/route";
import { CONTRIBUTORS, lacks } from "../../state/session";
import { Copied } from "../page/copied";

export function CopyProject() {
  const [made, setMade] = useState<ProjectExport | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const why = lacks(CONTRIBUTORS);
  const run = async (doing: () => Promise<void>) => {
    setBusy(true);
    setFault("");
    await doing().catch((refused) => setFault(refused instanceof Error ? refused.message : String(refused)));
    setBusy(false);
  };
  const make = () => run(async () => setMade(await client.exportProject(project.value!.id)));
  return (
    <section class="card" aria-label="Copy">
      <h2>Copy</h2>
      <p class="faint">
        A token stands for all images, labels and iterations as they are now. Whoever has it can import the project here or in another installation, for 24 hours.
      </p>
      {made ? <Made made={made} busy={busy} run={run} /> : <button class="begin" disabled={!!why || busy} title={why} onClick={() => void make()}>{busy ? "Exporting …" : "Make a token"}</button>}
      {fault && (
        <p class="refusal" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}

interface MadeProps {
  made: ProjectExport;
  busy: boolean;
  run: (doing: () => Promise<void>) => Promise<void>;
}

function Made({ made, busy, run }: MadeProps) {
  const [name, setName] = useState(`${project.value!.name.slice(0, 120)} (copy)`);
  const copy = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      await client.importProject({ token: made.token, name: name.trim() });
      go(BASE);
    });
  };
  return (
    <>
      <p>
        {counted(made.imageCount, "image")}, {counted(made.regionCount, "box", "boxes")}, {counted(Math.max(made.iterationCount - 1, 0), "iteration")}
      </p>
      <Copied label="the token" text={made.token} />
      <form class="inline" onSubmit={copy}>
        <label>
          Name of a copy here
          <input required maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button disabled={busy || !name.trim()}>Import it here</button>
      </form>
    </>
  );
}
