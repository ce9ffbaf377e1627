// Why there is no suggestion, and what makes some.

import { percent } from "../../model/judged";
import { counts, project, tagName } from "../../state/project";
import { pathOf } from "../../state/route";
import { LABELERS, lacks } from "../../state/session";
import { underway } from "../../state/training";
import * as suggestions from "../../state/suggestions";
import { EmptyScreen, Waiting } from "../states";

export const NotAllowed = () => (
  <EmptyScreen title="Suggestions are for those who label">
    <p class="faint">{lacks(LABELERS)}</p>
  </EmptyScreen>
);

export function Untrained() {
  if (underway.value.length)
    return (
      <EmptyScreen title="Suggestions come with this training">
        <p class="faint">{underway.value[0]!.name} is learning. Go on labelling meanwhile.</p>
      </EmptyScreen>
    );
  return (
    <EmptyScreen title="Train once, and suggestions start">
      <p class="faint">A trained iteration looks at what is untagged, and says what it sees. You accept what is right in bulk.</p>
      <a class="button primary" href={pathOf(project.value!.id, "train")}>
        Train
      </a>
    </EmptyScreen>
  );
}

export function Nothing() {
  const { done, total, underway } = suggestions.looked.value;
  const { threshold, tagId } = suggestions.query.value;
  if (suggestions.loading.value || underway) return <Waiting text={underway ? total ? `Looking at untagged images, ${done.toLocaleString()} of ${total.toLocaleString()}` : "Looking at untagged images" : "Loading"} />;
  if (!counts.value?.Untagged)
    return (
      <EmptyScreen title="Every image has its labels">
        <p class="faint">Suggestions are for untagged images. Drop more pictures anywhere.</p>
      </EmptyScreen>
    );
  return (
    <EmptyScreen title={`Nothing ${tagId ? `is taken for ${tagName(tagId)}` : "is suggested"} at ${percent(threshold)} or more`}>
      <p class="faint">Lower the threshold, or label some of what is untagged and train again.</p>
    </EmptyScreen>
  );
}

export const Unknown = ({ show }: { show: (changes: { iterationId: string }) => void }) => (
  <EmptyScreen title="There is no such iteration">
    <p class="faint">It was deleted, or is not trained yet.</p>
    <button onClick={() => show({ iterationId: "" })}>Ask the last one</button>
  </EmptyScreen>
);
