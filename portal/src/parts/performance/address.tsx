// Where a published name answers, and programs that ask it, ready to be copied.

import { useRef, useState } from "preact/hooks";
import { addressOf, answer, curl, predictionEndpoint, python, type Published } from "../../model/samples";
import { isDetector, project, regular } from "../../state/project";
import { Dialog } from "../dialog";

export function Address({ name, onClose }: { name: string; onClose: () => void }) {
  const [endpoint, setEndpoint] = useState(predictionEndpoint(location.origin));
  const published: Published = { endpoint: endpoint.trim().replace(/\/+$/, ""), projectId: project.value!.id, name, detector: isDetector.value };
  return (
    <Dialog title={`Predictions by ${name}`} wide onClose={onClose}>
      <div class="stack address">
        <label>
          Endpoint
          <input value={endpoint} onInput={(event) => setEndpoint(event.currentTarget.value)} />
        </label>
        <Copied title="Address for a picture in the request" text={addressOf(published)} first />
        <Copied title="Address for a picture's own address" text={addressOf(published, "url")} />
        <Copied title="curl" text={curl(published)} />
        <Copied title="Python" text={python(published)} />
        <Copied title="Answer" text={answer(published, regular.value[0])} />
        <p class="faint">
          The prediction key is a key of its own: <code>./run</code> prints it and keeps it as <code>VISION_PREDICTION_KEY</code> in <code>ocellus.env</code> in the data folder (<code>.local</code>). In Azure:{" "}
          <code>az keyvault secret show --name prediction-key-1 --vault-name …</code>
        </p>
      </div>
    </Dialog>
  );
}

const SHOWN_MS = 1500;

function Copied({ title, text, first }: { title: string; text: string; first?: boolean }) {
  const [done, setDone] = useState("");
  const box = useRef<HTMLPreElement>(null);
  const copy = async () => {
    setDone((await copied(text, box.current!)) ? "Copied" : "Press Ctrl+C");
    setTimeout(() => setDone(""), SHOWN_MS);
  };
  return (
    <section class="sample" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <button aria-label={`Copy ${title}`} autofocus={first} onClick={() => void copy()}>
          {done || "Copy"}
        </button>
      </header>
      <pre ref={box} role="textbox" aria-readonly="true" aria-multiline="true" tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </section>
  );
}

/** Where the browser gives the clipboard to no page of this address, the text is selected instead. */
async function copied(text: string, box: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(box);
    return false;
  }
}
