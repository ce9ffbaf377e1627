// What a digit does, wherever images are labelled: it gives the tag of its number.

import type { Tag } from "../../api/client";
import { hint } from "../../model/keys";
import { say } from "../../state/notices";
import { regular } from "../../state/project";
import { LABELERS } from "../../state/session";
import { permitted } from "../keyboard";

/** Where no tag has the number, it says so. */
export const byDigit = (give: (tag: Tag) => unknown) =>
  permitted(LABELERS, (pressed: string) => {
    const tag = regular.value[Number(pressed) - 1];
    return tag ? give(tag) : void say(`No tag has the number ${pressed}: ${hint("name")} makes one.`);
  });
