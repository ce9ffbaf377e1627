// The trained iterations of the project, and what all of them tell.

import { computed } from "@preact/signals";
import type { Iteration } from "../api/client";
import type { Kind } from "../model/judged";
import type { Rules } from "../model/labelling";
import { isDetector, isMulticlass, iterations, negative } from "./project";

export const kind = computed((): Kind => (isDetector.value ? "Detector" : isMulticlass.value ? "Multiclass" : "Multilabel"));
export const rules = computed((): Rules => ({ multiclass: isMulticlass.value, negativeId: negative.value?.id }));

/** The one that was trained last comes first. */
export const trained = computed(() => {
  const completed = iterations.value.filter(({ status }) => status === "Completed");
  return completed.sort((a, b) => (b.trainedAt ?? "").localeCompare(a.trainedAt ?? ""));
});

export const iterationOf = (id: string): Iteration | undefined => trained.value.find((each) => each.id === id) ?? (id ? undefined : trained.value[0]);
export const titleOf = ({ name, publishName }: Iteration) => (publishName ? `${name} · ${publishName}` : name);
