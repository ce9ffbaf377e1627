// The project's settings, what it uses of the limits, its data in and out, its copy, its ids, and the way out.

import { useState } from "preact/hooks";
import { useBeginning } from "../parts/keyboard";
import { About } from "../parts/settings/about";
import { Augmentation } from "../parts/settings/augmentation";
import { CopyProject } from "../parts/settings/copyproject";
import { DataSets } from "../parts/settings/datasets";
import { Ids } from "../parts/settings/ids";
import { Limits } from "../parts/settings/limits";
import { DeleteProject } from "../parts/projects/deleteproject";
import { project } from "../state/project";
import { BASE, go } from "../state/route";
import { CONTRIBUTORS, lacks, me, signOut } from "../state/session";
import "../parts/card.css";
import "../parts/page/page.css";
import "../parts/settings/settings.css";

export function Settings() {
  return (
    <div class="page">
      <h1 {...useBeginning<HTMLHeadingElement>()}>Settings</h1>
      <About />
      <Limits />
      <Augmentation />
      <DataSets />
      <CopyProject />
      <Ids />
      <Leave />
    </div>
  );
}

function Leave() {
  const [deleting, setDeleting] = useState(false);
  const why = lacks(CONTRIBUTORS);
  return (
    <section class="card leave" aria-label="Leave">
      <p class="faint">
        Signed in as {me.value?.actor}, {me.value?.roles.join(", ")}
      </p>
      <span class="grow" />
      <button onClick={() => void signOut()}>Sign out</button>
      <button class="bad" disabled={!!why} title={why} onClick={() => setDeleting(true)}>
        Delete this project …
      </button>
      {deleting && <DeleteProject project={project.value!} onClose={() => setDeleting(false)} onDeleted={() => go(BASE)} />}
    </section>
  );
}
