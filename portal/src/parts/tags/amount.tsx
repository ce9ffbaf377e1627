// How much there is to learn a tag from: a full bar is a good beginning, and a line says what a training needs.

import { GOOD, shareOfGood } from "../../model/training";

export const Amount = ({ images, least }: { images: number; least: number }) => (
  <span
    class={`amount${images < least ? " lacking" : ""}`}
    aria-hidden="true"
    title={least ? `${images.toLocaleString()} of ${GOOD}; a training needs ${least}` : undefined}
    style={{ "--share": `${shareOfGood(images)}%`, ...(least ? { "--least": `${shareOfGood(least)}%` } : {}) }}
  />
);
