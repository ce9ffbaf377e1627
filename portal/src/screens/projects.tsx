// All projects: find one, make one, bring one in, delete one.

import { useEffect, useState } from "preact/hooks";
import * as client from "../api/client";
import type { Project } from "../api/client";
import { found } from "../model/names";
import { Icon } from "../parts/icon";
import { Menu } from "../parts/menu";
import { useOneStop } from "../parts/onestop";
import { DeleteProject } from "../parts/projects/deleteproject";
import { Counts, Names, Thumbnail, useFacts } from "../parts/projects/facts";
import { ImportProject, NewProject } from "../parts/projects/newproject";
import { Empty, Fault, Waiting } from "../parts/states";
import { close, domains } from "../state/project";
import { pathOf } from "../state/route";
import { CONTRIBUTORS, lacks } from "../state/session";
import { held } from "../state/uploads";

type Doing = "new" | "import" | Project | null;

export function Projects() {
  const [projects, setProjects] = useState<readonly Project[] | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [typed, setTyped] = useState("");
  const [doing, setDoing] = useState<Doing>(null);
  const load = () => listed().then(setProjects, setFault);
  useEffect(() => {
    close();
    void load();
  }, []);
  useEffect(() => {
    if (held.value.length) setDoing("new");
  }, [held.value]);
  useImporting(projects, load);
  if (fault) return <Fault fault={fault} again={() => (setFault(null), void load())} />;
  if (!projects) return <Waiting />;
  const end = () => (setDoing(null), void load());
  return (
    <div class="projects">
      <Top typed={typed} setTyped={setTyped} setDoing={setDoing} />
      {projects.length ? <Tiles projects={found(typed, projects)} setDoing={setDoing} /> : <First setDoing={setDoing} />}
      {doing === "new" && <NewProject onClose={() => (setDoing(null), (held.value = []))} />}
      {doing === "import" && <ImportProject onClose={end} />}
      {doing && typeof doing === "object" && <DeleteProject project={doing} onClose={end} />}
    </div>
  );
}

async function listed(): Promise<Project[]> {
  const [projects, known] = await Promise.all([client.getProjects(), domains.value.length ? domains.value : client.getDomains()]);
  domains.value = known;
  return projects.sort((a, b) => b.lastModified.localeCompare(a.lastModified));
}

const POLL_MS = 1000;

/** While one is on its way in, look how far it is. */
function useImporting(projects: readonly Project[] | null, load: () => void): void {
  const going = projects?.some(({ status }) => status === "Importing");
  useEffect(() => {
    const timer = going ? setInterval(load, POLL_MS) : 0;
    return () => clearInterval(timer);
  }, [going]);
}

function Top({ typed, setTyped, setDoing }: { typed: string; setTyped: (text: string) => void; setDoing: (doing: Doing) => void }) {
  const why = lacks(CONTRIBUTORS);
  return (
    <header>
      <h1>Projects</h1>
      <label class="search">
        <Icon name="search" />
        <input type="search" placeholder="Name" aria-label="Search projects" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <span class="grow" />
      <button disabled={!!why} title={why} onClick={() => setDoing("import")}>
        Import
      </button>
      <button class="primary" disabled={!!why} title={why} onClick={() => setDoing("new")}>
        <Icon name="plus" /> New project
      </button>
    </header>
  );
}

function First({ setDoing }: { setDoing: (doing: Doing) => void }) {
  return (
    <Empty title="Begin with a project">
      <p class="faint">A project has pictures, their tags or boxes, and the models that learn from them. Drop pictures or folders here to begin with them.</p>
      <button class="primary" disabled={!!lacks(CONTRIBUTORS)} title={lacks(CONTRIBUTORS)} onClick={() => setDoing("new")}>
        <Icon name="plus" /> New project
      </button>
    </Empty>
  );
}

function Tiles({ projects, setDoing }: { projects: readonly Project[]; setDoing: (doing: Doing) => void }) {
  const list = useOneStop("a");
  if (!projects.length) return <Empty title="No project has that name" />;
  return (
    <ul ref={list} class="tiles">
      {projects.map((project) => (
        <Tile key={project.id} project={project} setDoing={setDoing} />
      ))}
    </ul>
  );
}

function Tile({ project, setDoing }: { project: Project; setDoing: (doing: Doing) => void }) {
  const { facts, tile } = useFacts(project);
  const why = lacks(CONTRIBUTORS);
  return (
    <li class="tile" ref={tile}>
      <a href={pathOf(project.id, "images")} title={project.description || project.name}>
        <Thumbnail facts={facts} />
        <b>{project.name}</b>
        <span class="faint">{kindOf(project)}</span>
        <Counts facts={facts} />
        {project.status === "Importing" && <span class="badge">Importing …</span>}
        {project.status === "Failed" && <span class="badge failed">The import failed</span>}
        <Names facts={facts} />
      </a>
      <Menu label={`More of ${project.name}`} text={<Icon name="more" />}>
        <button role="menuitem" disabled={!!why} title={why} onClick={() => setDoing(project)}>
          Delete …
        </button>
      </Menu>
    </li>
  );
}

function kindOf({ settings }: Project): string {
  const domain = domains.value.find(({ id }) => id === settings.domainId);
  const kind = domain?.type === "ObjectDetection" ? "Boxes" : settings.classificationType === "Multiclass" ? "One tag an image" : "Many tags an image";
  return domain && domain.name !== "General" ? `${kind}, ${domain.name}` : kind;
}
