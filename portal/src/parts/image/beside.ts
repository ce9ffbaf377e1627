// Where a dialog lies that asks about a box: beside it, so that the box is seen.

import { besides, type Box } from "../../model/geometry";

export const besideBox = (box: Box) => (dialog: HTMLDialogElement) => {
  const picture = document.querySelector(".stage .placed")?.getBoundingClientRect();
  if (!picture) return;
  const shown = { left: picture.left + box.left * picture.width, top: picture.top + box.top * picture.height, width: box.width * picture.width, height: box.height * picture.height };
  const { x, y } = besides(shown, { width: dialog.offsetWidth, height: dialog.offsetHeight }, { width: innerWidth, height: innerHeight });
  Object.assign(dialog.style, { left: `${x}px`, top: `${y}px` });
};
