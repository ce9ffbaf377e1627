// Pictures with their labels in the formats of other tools: brought in, and taken out, as a zip.

import { useEffect, useState } from "preact/hooks";
import { FORMATS, losses, outcome } from "../../model/datasets";
import { counted } from "../../model/labelling";
import { bring, exchange, goOn, isUnderWay, lastExport, stop, take, type Exchange } from "../../state/datasets";
import { fail } from "../../state/notices";
import { counts, isDetector, iterations, project } from "../../state/project";
import { lacks, TRAINERS } from "../../state/session";
import { Form } from "../form";

export function DataSets() {
  const [asking, setAsking] = useState<"import" | "export" | "">("");
  const id = project.value!.id;
  useEffect(() => void goOn(), [id]);
  const last = exchange.value;
  const kept = lastExport(id);
  const busy = isUnderWay(last) ? `Wait for ${last!.name}.` : "";
  const why = lacks(TRAINERS) || busy;
  return (
    <section class="card" aria-label="Data sets">
      <h2>Data sets</h2>
      <p class="faint">Pictures with their {isDetector.value ? "boxes" : "tags"} as a zip, as other tools have them.</p>
      <div class="inline">
        <button disabled={!!why} title={why} onClick={() => setAsking("import")}>
          Import a data set …
        </button>
        <button disabled={!!busy} title={busy} onClick={() => setAsking("export")}>
          Export the data …
        </button>
      </div>
      {last?.projectId === id && <Last last={last} />}
      {kept && kept.id !== last?.id && <Ended last={kept} />}
      {asking === "import" && <Import onClose={() => setAsking("")} />}
      {asking === "export" && <Export onClose={() => setAsking("")} />}
    </section>
  );
}

function Last({ last }: { last: Exchange }) {
  if (last.fault)
    return (
      <p class="refusal" role="alert">
        {last.name}: {last.fault}
      </p>
    );
  return isUnderWay(last) ? <UnderWay last={last} /> : <Ended last={last} />;
}

function UnderWay({ last }: { last: Exchange }) {
  const { name, sent, task } = last;
  const [value, text] = task?.total
    ? [task.done / task.total, `${task.done.toLocaleString()} of ${task.total.toLocaleString()} pictures`]
    : task
      ? [undefined, "It is being read …"]
      : [sent, `${Math.floor(sent * 100)} % are sent`];
  return (
    <div class="exchange">
      <p role="status">
        <progress aria-label={name} value={value} max={1} />
        {name}: {text}
      </p>
      {task && (
        <button class="begin" onClick={() => void stop(last).catch((fault) => fail(fault, name))}>
          Stop
        </button>
      )}
    </div>
  );
}

function Ended({ last: { name, task } }: { last: Exchange }) {
  if (!task) return null;
  const more = task.leftOut + task.misplaced - task.reasons.length;
  return (
    <div class="exchange" role="status">
      <p>
        <b>{name}</b>: {outcome(task)}
      </p>
      {task.downloadUri && (
        <p>
          <a class="button" href={task.downloadUri} download="">
            Download the zip
          </a>{" "}
          <small>The address is good for a day.</small>
        </p>
      )}
      {losses(task) && <p class="faint">Not carried: {losses(task)}</p>}
      {!!task.reasons.length && (
        <ul class="leftout" aria-label="Left out, or misplaced">
          {task.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
          {more > 0 && <li>and {more.toLocaleString()} more</li>}
        </ul>
      )}
    </div>
  );
}

function Import({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState("");
  const [background, setBackground] = useState(false);
  const [untagged, setUntagged] = useState(false);
  const begin = async () => {
    void bring(file!, { format, background, untagged });
    onClose();
  };
  return (
    <Form title="Import a data set" doing="Import" ready={!!file} run={begin} onClose={onClose}>
      <label>
        Zip
        <input type="file" accept=".zip" required onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
      </label>
      <Formats value={format} set={setFormat} none="As it is found to be" />
      {isDetector.value && (
        <>
          <Choice text="Pictures without boxes show what is no object" value={background} set={setBackground} />
          <Choice text="Pictures of a set that has tags alone come untagged" value={untagged} set={setUntagged} />
        </>
      )}
      <p class="faint">Each image keeps its file's name and its part. What is there already is not stored twice.</p>
    </Form>
  );
}

const Choice = ({ text, value, set }: { text: string; value: boolean; set: (value: boolean) => void }) => (
  <label class="check">
    <input type="checkbox" checked={value} onChange={(event) => set(event.currentTarget.checked)} />
    {text}
  </label>
);

function Export({ onClose }: { onClose: () => void }) {
  const [format, setFormat] = useState(isDetector.value ? "coco" : "folders");
  const [iterationId, setIterationId] = useState("");
  const [predictedBy, setPredictedBy] = useState("");
  const begin = async () => {
    void take({ format, iterationId, predictedBy });
    onClose();
  };
  const completed = iterations.value.filter(({ status }) => status === "Completed");
  const trained = completed.filter(({ importedFrom }) => !importedFrom);
  return (
    <Form title="Export the data" doing="Export" ready run={begin} onClose={onClose}>
      <Formats value={format} set={setFormat} />
      <label>
        Pictures
        <select value={iterationId} onChange={(event) => setIterationId(event.currentTarget.value)}>
          <option value="">all that are here now</option>
          {trained.map(({ id, name }) => (
            <option key={id} value={id}>
              those that {name} was trained on
            </option>
          ))}
        </select>
      </label>
      {!iterationId && format === "folders" && !!counts.value?.Untagged && (
        <p class="faint">Left out: {counted(counts.value.Untagged, "image")} without a tag, for which this format has no place.</p>
      )}
      {!!completed.length && (
        <label>
          Predictions beside them
          <select value={predictedBy} onChange={(event) => setPredictedBy(event.currentTarget.value)}>
            <option value="">none</option>
            {completed.map(({ id, name }) => (
              <option key={id} value={id}>
                of {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </Form>
  );
}

function Formats({ value, set, none }: { value: string; set: (format: string) => void; none?: string }) {
  const fitting = FORMATS.filter(({ boxes, tags }) => (isDetector.value ? boxes : tags));
  return (
    <label>
      Format
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {none && <option value="">{none}</option>}
        {fitting.map(({ name, text }) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
