// Exports of an iteration: to what the service offers, packed while one looks, then downloaded.

import { useEffect, useState } from "preact/hooks";
import * as client from "../../api/client";
import type { Export, Iteration } from "../../api/client";
import { keyOf, places, targets } from "../../model/exporting";
import type { Target } from "../../model/exporting";
import { domains } from "../../state/project";
import { pathOf } from "../../state/route";
import { DEPLOYERS, lacks } from "../../state/session";
import { Dialog } from "../dialog";
import { Waiting } from "../states";

const POLL_MS = 1000;

export function Exporting({ iteration, onClose }: { iteration: Iteration; onClose: () => void }) {
  const { exports, fault, start } = useExports(iteration);
  const ofDomain = domains.value.find(({ id }) => id === iteration.domainId)?.exportableFlavors ?? {};
  const flavors = Object.fromEntries(Object.entries(ofDomain).filter(([platform]) => !iteration.notExportableTo?.includes(platform)));
  const offered = targets(flavors, exports ?? []);
  return (
    <Dialog title={`Export ${iteration.name}`} onClose={onClose}>
      {fault && (
        <p class="refusal" role="alert">
          {fault}
        </p>
      )}
      {!Object.keys(flavors).length && <NotFromHere iteration={iteration} />}
      {offered.length > 0 && !exports && !fault && <Waiting />}
      {exports &&
        places(offered).map((place) => (
          <section key={place} aria-label={place} class="exports">
            <h3>{place}</h3>
            <ul>
              {offered.filter((target) => target.place === place).map((target) => (
                <Package key={keyOf(target)} iteration={iteration} target={target} found={exports.find((each) => keyOf(each) === keyOf(target))} start={start} />
              ))}
            </ul>
          </section>
        ))}
    </Dialog>
  );
}

function NotFromHere({ iteration }: { iteration: Iteration }) {
  const name = domains.value.find(({ id }) => id === iteration.domainId)?.name ?? "Its domain";
  return (
    <p>
      {name} can’t be exported. Choose a compact domain in the <a href={pathOf(iteration.projectId, "settings")}>settings</a>, such as General (compact), then train: that iteration can be exported.
    </p>
  );
}

function useExports({ id, projectId }: Iteration) {
  const [exports, setExports] = useState<readonly Export[] | null>(null);
  const [fault, setFault] = useState("");
  const refuse = (refused: unknown) => setFault(refused instanceof Error ? refused.message : String(refused));
  const read = () => client.getExports(projectId, id).then((found) => (setExports(found), setFault("")), refuse);
  const going = exports?.some(({ status }) => status === "Exporting") ?? false;
  useEffect(() => void read(), [id]);
  useEffect(() => {
    const timer = going ? setInterval(() => void (document.hidden || read()), POLL_MS) : 0;
    return () => clearInterval(timer);
  }, [going]);
  const start = ({ platform, flavor }: Target) =>
    void client.exportIteration(projectId, id, { platform, ...(flavor ? { flavor } : {}) }).then(() => read(), refuse);
  return { exports, fault, start };
}

interface PackageProps {
  iteration: Iteration;
  target: Target;
  found: Export | undefined;
  start: (target: Target) => void;
}

function Package({ iteration, target, found, start }: PackageProps) {
  const { title, text } = target;
  const why = lacks(DEPLOYERS);
  return (
    <li aria-label={title}>
      <span>
        <b>{title}</b>
        <small>{found?.status === "Failed" ? "The last export failed. Try it again." : found?.newerVersionAvailable ? "A newer package can be made." : text}</small>
      </span>
      <span class="grow" />
      {found?.status === "Exporting" && <span class="faint" role="status">Packing …</span>}
      {found?.downloadUri && (
        <a class="button primary" href={found.downloadUri} download={`${iteration.name} ${title}.zip`}>
          Download
        </a>
      )}
      {(!found || found.status === "Failed" || found.newerVersionAvailable) && (
        <button disabled={!!why} title={why} onClick={() => start(target)}>
          {found ? "Export again" : "Export"}
        </button>
      )}
    </li>
  );
}
