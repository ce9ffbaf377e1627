// What is known of an image beside its labels.

import type { ComponentChildren } from "preact";
import { hint } from "../../model/keys";
import { seeLike } from "../../state/alike";
import { deleteImages } from "../../state/labelling";
import { LABELERS, lacks } from "../../state/session";
import { isDetector } from "../../state/project";
import { image, pass } from "../../state/showing";
import { preferences, prefer } from "../../state/preferences";
import { Icon } from "../icon";

export function Details() {
  const { value: shown } = image;
  if (!shown) return null;
  const { filename, background: _background, ...metadata } = shown.metadata ?? {};
  const why = lacks(LABELERS);
  return (
    <details class="details">
      <summary>Details</summary>
      <dl>
        <Fact name="File" value={filename} />
        <Fact name="Size" value={`${shown.width} × ${shown.height}`} />
        <Fact name="Added" value={new Date(shown.created).toLocaleString()} />
        {Object.entries(metadata).map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
        <Fact name="Id" value={<code>{shown.id}</code>} />
      </dl>
      <label class="check">
        <input type="checkbox" checked={preferences.value.keepZoom} onChange={(event) => prefer({ keepZoom: event.currentTarget.checked })} />
        Keep the zoom for the next image
      </label>
      {isDetector.value && (
        <label class="check">
          <input type="checkbox" checked={preferences.value.proposals} onChange={(event) => prefer({ proposals: event.currentTarget.checked })} />
          Offer what stands out under the pointer
        </label>
      )}
      <div class="actions">
        <a class="button" href={shown.originalImageUri} target="_blank" rel="noreferrer">
          Open the original
        </a>
        {!isDetector.value && (
          <button title={hint("similar")} onClick={() => seeLike(shown.id)}>
            Find similar
          </button>
        )}
        <button disabled={!!why} title={why} onClick={discard}>
          <Icon name="bin" /> Delete image
        </button>
      </div>
    </details>
  );
}

function Fact({ name, value }: { name: string; value: ComponentChildren }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Delete the image, and go on to the one after it, or before it where it is the last. */
export async function discard(): Promise<void> {
  const { value: shown } = image;
  if (!shown) return;
  await pass();
  deleteImages([shown.id]);
}
