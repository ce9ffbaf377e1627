// How a camera is connected: where its pictures go, with the commands filled in, where the answers are, and what is kept
// to be labelled.

import { useState } from "preact/hooks";
import { accountOf, folderOf, isLocal, python, results, shell, type CameraTarget } from "../model/cameras";
import { Feedback } from "../parts/cameras/feedback";
import { useBeginning } from "../parts/keyboard";
import { Code, Copied } from "../parts/page/copied";
import { useReading } from "../parts/reading";
import { EmptyScreen } from "../parts/states";
import { names as known, readNames } from "../state/performance";
import { iterations, project } from "../state/project";
import { pathOf } from "../state/route";
import { me } from "../state/session";
import "../parts/card.css";
import "../parts/page/page.css";

export function Cameras() {
  const names = iterations.value.flatMap(({ publishName }) => publishName ?? []);
  if (!names.length) return <Unpublished />;
  return <Connect names={names} />;
}

const Unpublished = () => (
  <EmptyScreen title="Publish first, and cameras can ask">
    <p class="faint">A camera uploads its pictures for the name under which an iteration is published. Nothing else has to be set up for it.</p>
    <a class="button primary" href={pathOf(project.value!.id, "performance")}>
      Publish
    </a>
  </EmptyScreen>
);

function Connect({ names }: { names: readonly string[] }) {
  const [name, setName] = useState(names[0]!);
  const [camera, setCamera] = useState("gate-1");
  const folder = camera.trim().replaceAll(/[^\w.-]+/g, "-") || "camera";
  const target: CameraTarget = { projectId: project.value!.id, publishName: names.includes(name) ? name : names[0]!, camera: folder, origin: me.value?.pictures ?? "" };
  const published = known.value.find((each) => each.name === target.publishName);
  useReading(readNames, "The published names", target.projectId);
  return (
    <div class="page">
      <header>
        <h1 {...useBeginning<HTMLHeadingElement>()}>Connect a camera</h1>
        <p class="faint">Whatever can put a file into Blob Storage is a camera: an upload is predicted within a second, and its answer is kept.</p>
      </header>
      <section class="card">
        <div class="fields">
          <label>
            Published name
            <select value={target.publishName} onChange={(event) => setName(event.currentTarget.value)}>
              {names.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label>
            Camera
            <input value={camera} onInput={(event) => setCamera(event.currentTarget.value)} />
          </label>
        </div>
        <p>
          Its pictures go to the container <code>uploads</code>, under
        </p>
        <Copied label="the folder" text={`${folderOf(target)}/`} />
      </section>
      <Steps target={target} />
      {published && <Feedback key={published.name} name={published} />}
    </div>
  );
}

function Steps({ target }: { target: CameraTarget }) {
  return (
    <>
      <section class="card">
        <h2>1. Send a picture</h2>
        <Rights target={target} />
        <h3>Python</h3>
        <Code label="Python that sends a picture" text={python(target)} />
        <h3>Azure CLI</h3>
        <Code label="Commands that send a picture" text={shell(target)} />
      </section>
      <section class="card">
        <h2>2. Read the answers</h2>
        <p>
          Each is a JSON blob in the container <code>results</code>, a row of the table <code>results</code>, and {isLocal(target) ? <>a line of <code>events.jsonl</code> in the data folder (<code>.local</code>)</> : "an event on the installation's Event Grid topic"}.
        </p>
        <Code label="Python that reads the answers" text={results(target)} />
      </section>
      <section class="card">
        <h2>3. Where one is missing</h2>
        <p>What can't be predicted ends as a rejection with its reason, in the same places. Once the cause is mended, rejected pictures go through again:</p>
        <Code label="Commands that replay" text={isLocal(target) ? ". .local/ocellus.env\n./ocellus replay" : "ocellus replay"} />
      </section>
    </>
  );
}

const Rights = ({ target }: { target: CameraTarget }) =>
  isLocal(target) ? (
    <p>
      On this machine <code class="whole">. .local/ocellus.env</code> tells a shell where the storage is (<code>.local</code> is the data folder). Run the program in that shell.
    </p>
  ) : (
    <p>
      The camera's identity needs the role <b>Storage Blob Data Contributor</b> on the container <code>uploads</code> of <code>{accountOf(target.origin)}</code>.
    </p>
  );
