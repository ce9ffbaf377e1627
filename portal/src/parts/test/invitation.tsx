// The empty test: how to give it a picture.

import { useState } from "preact/hooks";
import { Icon } from "../icon";
import { chooseFiles, useHasCamera } from "./giving";

export interface Ways {
  test: (files: readonly Blob[]) => void;
  name: (url: string) => void;
  film: () => void;
  /** What keeps one from it. */
  why: string;
}

export const Invitation = (ways: Ways) => (
  <div class="state invitation">
    <Icon name="upload" />
    <h2>Drop a picture here</h2>
    <p class="faint">Or paste one. It is best if the iteration has never seen it.</p>
    <Inputs {...ways} />
  </div>
);

/** The same, as controls. */
export function Inputs({ test, name, film, why }: Ways) {
  const [url, setUrl] = useState("");
  const hasCamera = useHasCamera();
  const send = (event: Event) => {
    event.preventDefault();
    name(url.trim());
    setUrl("");
  };
  return (
    <div class="inputs">
      <div class="buttons">
        <button class="primary" disabled={!!why} title={why} onClick={() => chooseFiles(test)}>
          Choose pictures …
        </button>
        {hasCamera && (
          <button disabled={!!why} title={why} onClick={film}>
            Webcam
          </button>
        )}
      </div>
      <form onSubmit={send}>
        <input type="url" placeholder="https://…" aria-label="Address of a picture" required disabled={!!why} title={why} value={url} onInput={(event) => setUrl(event.currentTarget.value)} />
        <button disabled={!!why || !url.trim()} title={why}>Test</button>
      </form>
    </div>
  );
}
