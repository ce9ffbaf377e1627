// The bar over all screens: where one is, what is on its way, who one is.

import { computed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { hint } from "../../model/keys";
import { help } from "../../state/helping";
import { away } from "../../state/outbox";
import { prefer, preferences } from "../../state/preferences";
import { project } from "../../state/project";
import { BASE, pathOf, route } from "../../state/route";
import { me, signOut } from "../../state/session";
import { task } from "../../state/tasks";
import { progress } from "../../state/uploads";
import { count } from "../../state/waiting";
import { Icon } from "../icon";
import { Menu } from "../menu";

const NAMES: Record<string, string> = {
  images: "Images",
  train: "Train",
  performance: "Performance",
  predictions: "Predictions",
  cameras: "Cameras",
  test: "Quick test",
  settings: "Settings",
};

export function Header({ screens }: { screens: readonly string[] }) {
  const { projectId, screen } = route.value;
  const nav = useRef<HTMLElement>(null);
  // In a narrow window it scrolls.
  useEffect(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [screen, projectId]);
  const title = projectId && project.value ? `${project.value.name} · Ocellus` : "Ocellus";
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <header class="bar">
      <a class="brand" href={BASE} aria-label="Ocellus: all projects" title={`All projects (${hint("projects")})`}>
        <Icon name="eye" />
        <span>Ocellus</span>
      </a>
      {projectId && (
        <>
          <h1 class="where">
            <a href={pathOf(projectId, "images")} title={project.value?.name}>
              {project.value?.name ?? "…"}
            </a>
          </h1>
          <nav ref={nav} aria-label="Screens">
            {Object.keys(NAMES).filter((name) => screens.includes(name)).map((name) => (
              <a key={name} href={pathOf(projectId, name)} data-name={NAMES[name]} title={hint(name)} aria-current={isWithin(screen, name) ? "page" : undefined}>
                {NAMES[name]}
              </a>
            ))}
          </nav>
        </>
      )}
      <span class="grow" />
      <Uploading />
      <Working />
      <Saving />
      <button class="quiet icon" aria-label="Keys" title="Keys (?)" onClick={help}>
        ?
      </button>
      <Who />
    </header>
  );
}

/** An image is looked at within the images, a comparison within the performance. */
const isWithin = (screen: string, name: string) => screen === name || (screen === "image" && name === "images") || (screen === "compare" && name === "performance");

const state = computed(() => {
  if (away.value) return { kind: "away", text: count.value ? `${count.value.toLocaleString()} waiting` : "Waiting", title: away.value };
  if (count.value) return { kind: "saving", text: `Saving ${count.value.toLocaleString()}`, title: "On its way to the service" };
  return { kind: "saved", text: "Saved", title: "The service has everything" };
});

function Saving() {
  if (!project.value) return null;
  const { kind, text, title } = state.value;
  return (
    <span class={`saving ${kind}`} title={title} data-state={kind}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

function Uploading() {
  const { done, total } = progress.value;
  if (!total) return null;
  return (
    <span class="uploading" title={`${done} of ${total} uploaded`}>
      <progress value={done} max={total} aria-label="Upload" />
      {done.toLocaleString()} / {total.toLocaleString()}
    </span>
  );
}

/** What the service does by itself. */
function Working() {
  if (!task.value) return null;
  const { label, done, total } = task.value;
  return (
    <span class="uploading" title={label}>
      <progress {...(total ? { value: done, max: total } : {})} aria-label={label} />
      {total > 0 && `${done.toLocaleString()} / ${total.toLocaleString()}`}
    </span>
  );
}

function Who() {
  const themes = { auto: "As the system", light: "Light", dark: "Dark" } as const;
  return (
    <Menu label="Account" text={<Icon name="person" />}>
      <p class="faint">
        {me.value?.actor}
        <br />
        {me.value?.roles.join(", ")}
      </p>
      <hr />
      {(Object.keys(themes) as (keyof typeof themes)[]).map((theme) => (
        <button key={theme} role="menuitemradio" aria-checked={preferences.value.theme === theme} onClick={() => prefer({ theme })}>
          {themes[theme]}
        </button>
      ))}
      <hr />
      <button role="menuitem" onClick={() => void signOut()}>
        Sign out
      </button>
    </Menu>
  );
}
