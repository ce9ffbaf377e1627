// What is asked before pictures are uploaded, and what became of them.

import { useState } from "preact/hooks";
import { counted } from "../../model/labelling";
import type { Folder } from "../../model/uploading";
import { prefer, preferences } from "../../state/preferences";
import { isDetector, project, tags } from "../../state/project";
import { duplicates, proposal, refused, reported, start, type Outcome } from "../../state/uploads";
import { Dialog } from "../dialog";

export function UploadDialogs() {
  return (
    <>
      {proposal.value && proposal.value.projectId === project.value?.id && <Proposal key={proposal.value.folders.length} {...proposal.value} />}
      {reported.value && <Report />}
    </>
  );
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
            maxLength={128}
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
      <Outcomes title="Not uploaded" list={refused.value} />
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
