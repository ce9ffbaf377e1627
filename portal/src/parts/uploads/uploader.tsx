// Drop pictures anywhere: what becomes of them is said before they go, and afterwards by name.

import { useEffect, useState } from "preact/hooks";
import { counted } from "../../model/labelling";
import type { Folder } from "../../model/uploading";
import { say } from "../../state/notices";
import { prefer, preferences } from "../../state/preferences";
import { isDetector, project, tags } from "../../state/project";
import { route } from "../../state/route";
import { CONTRIBUTORS, LABELERS, lacks, me } from "../../state/session";
import { duplicates, proposal, propose, refused, reported, start, type Outcome } from "../../state/uploads";
import { Dialog } from "../dialog";
import { chosen, dropped } from "./dropping";

export function Uploader() {
  const over = useDrop();
  if (!me.value) return null;
  return (
    <>
      {over && <div class="dropping">Drop pictures or folders</div>}
      {proposal.value && proposal.value.projectId === project.value?.id && <Proposal key={proposal.value.folders.length} {...proposal.value} />}
      {reported.value && <Report />}
    </>
  );
}

/** Open the file dialog; with folders, each of which is proposed as a tag. */
export function choose(folders = false): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = folders;
  if (!folders) input.accept = "image/jpeg,image/png,image/gif,image/bmp";
  input.onchange = () => void (input.files && propose(chosen(input.files)));
  input.click();
}

const isTaken = () => me.value && route.value.screen !== "test";
/** Where no project is open, one is made for them. */
const why = () => lacks(route.value.projectId ? LABELERS : CONTRIBUTORS);

/** Whether files are held over the page. */
function useDrop(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const ending = new AbortController();
    const take = (event: DragEvent, then: (event: DragEvent) => void) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      // Else the browser shows the file in place of the portal.
      event.preventDefault();
      if (isTaken()) then(event);
    };
    const listen = (kind: "dragover" | "dragleave" | "drop", then: (event: DragEvent) => void) =>
      addEventListener(kind, (event) => take(event, then), { signal: ending.signal });
    listen("dragover", () => setOver(true));
    listen("dragleave", (event) => event.relatedTarget === null && setOver(false));
    listen("drop", (event) => {
      setOver(false);
      if (why()) say(why());
      else if (event.dataTransfer) void dropped(event.dataTransfer).then(propose);
    });
    return () => ending.abort();
  }, []);
  return over;
}

function Proposal(given: { folders: Folder[]; refused: Outcome[] }) {
  const [folders, setFolders] = useState(given.folders);
  const total = folders.reduce((sum, { files }) => sum + files.length, 0);
  const rename = (place: number, tag: string) => setFolders(folders.map((folder, each) => (each === place ? { ...folder, tag } : folder)));
  const add = (event: Event) => {
    event.preventDefault();
    void start(folders, given.refused);
  };
  return (
    <Dialog title={total ? `Add ${counted(total, "picture")}` : "No pictures to add"} onClose={() => (proposal.value = null)}>
      <form onSubmit={add} class="stack">
        <table class="folders">
          <thead>
            <tr>
              <th>Folder</th>
              <th class="number">Pictures</th>
              <th>{isDetector.value ? "" : "As tag"}</th>
            </tr>
          </thead>
          <tbody>
            {folders.map((folder, place) => (
              <FolderRow key={folder.name} folder={folder} rename={(tag) => rename(place, tag)} />
            ))}
          </tbody>
        </table>
        <datalist id="tag-names">
          {tags.value.map(({ id, name }) => (
            <option key={id} value={name} />
          ))}
        </datalist>
        <Outcomes title="Left out" list={given.refused} />
        <label class="check">
          <input type="checkbox" checked={preferences.value.fileNames} onChange={(event) => prefer({ fileNames: event.currentTarget.checked })} />
          Keep file names, to search by them
        </label>
        <footer>
          <button type="button" onClick={() => (proposal.value = null)}>
            Cancel
          </button>
          <button class="primary" disabled={!total} autofocus>
            Add {total ? counted(total, "picture") : ""}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function FolderRow({ folder, rename }: { folder: Folder; rename: (tag: string) => void }) {
  return (
    <tr>
      <td>{folder.name ? `${folder.name}/` : "no folder"}</td>
      <td class="number">{folder.files.length.toLocaleString()}</td>
      <td>
        {!isDetector.value && (
          <input
            list="tag-names"
            placeholder="no tag"
            aria-label={`Tag of ${folder.name || "the pictures"}`}
            value={folder.tag}
            onInput={(event) => rename(event.currentTarget.value)}
          />
        )}
      </td>
    </tr>
  );
}

function Report() {
  return (
    <Dialog title="What became of the pictures" onClose={() => (reported.value = false)}>
      <Outcomes title="Refused" list={refused.value} />
      <Outcomes title="There already" list={duplicates.value.map((name) => ({ name, why: "the same bytes are in the project; tags were added to it" }))} />
    </Dialog>
  );
}

function Outcomes({ title, list }: { title: string; list: readonly Outcome[] }) {
  if (!list.length) return null;
  return (
    <details open={list.length < 20}>
      <summary>
        {title}: {counted(list.length, "file")}
      </summary>
      <ul class="outcomes">
        {list.map(({ name, why }, place) => (
          <li key={place}>
            <b>{name}</b> {why}
          </li>
        ))}
      </ul>
    </details>
  );
}
