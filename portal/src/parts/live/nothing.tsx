// Why the live model shows nothing now, and what to do about it.

import { counted } from "../../model/labelling";
import type { SuggestionQuery } from "../../model/suggesting";
import { told, unseen } from "../../state/live";
import { counts, tagName } from "../../state/project";
import * as turned from "../../state/turned";
import { EmptyScreen, Waiting } from "../states";

export function Nothing({ show }: { show: (changes: Partial<SuggestionQuery>) => void }) {
  const { show: what, tagId } = turned.query.value;
  if (turned.loading.value || !told.value) return <Waiting text="Learning" />;
  if (what === "doubts") return <NoDoubts />;
  if (!counts.value?.Untagged)
    return (
      <EmptyScreen title={counts.value?.All ? "Every image has its labels" : "There is nothing to label yet"}>
        <p class="faint">Suggestions are for untagged images. Drop {counts.value?.All ? "more pictures" : "pictures"} anywhere.</p>
      </EmptyScreen>
    );
  if (unseen.value > 0) return <Looking />;
  return (
    <EmptyScreen title={tagId ? `Nothing is taken for ${tagName(tagId)}` : "Nothing is suggested"}>
      <p class="faint">{told.value.lacking.includes(tagId) ? "No image has this tag yet: label one, and it can be suggested." : "Label what is unsure, and more becomes sure."}</p>
      <button class="primary" onClick={() => show({ show: "unsure", tagId: "" })}>
        Unsure first
      </button>
    </EmptyScreen>
  );
}

function Looking() {
  const { state, embedded, total } = told.value!;
  return (
    <EmptyScreen title="Looking at the images">
      <p class="faint">
        {state === "Unavailable" ? "What looks at images is on its way; it comes by itself." : `It has looked at ${embedded.toLocaleString()} of ${counted(total, "image")}.`} Label on meanwhile: suggestions start by themselves.
      </p>
    </EmptyScreen>
  );
}

const NoDoubts = () =>
  told.value?.state === "Ready" ? (
    <EmptyScreen title="No label looks wrong">
      <p class="faint">Each label fits what the others say.</p>
    </EmptyScreen>
  ) : (
    <EmptyScreen title="There is too little to compare">
      <p class="faint">Once images of two tags are labelled, labels that do not fit the others are shown here.</p>
    </EmptyScreen>
  );
