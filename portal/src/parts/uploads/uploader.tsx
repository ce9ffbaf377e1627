// Drop pictures anywhere: what becomes of them is said before they go, and afterwards by name.

import { useEffect, useState } from "preact/hooks";
import { say } from "../../state/notices";
import { route } from "../../state/route";
import { CONTRIBUTORS, LABELERS, lacks, me } from "../../state/session";
import { proposal, propose, reported } from "../../state/uploads";
import { later } from "../later";
import { chosen, dropped } from "./dropping";

const UploadDialogs = later(() => import("./dialogs"), "UploadDialogs");

export function Uploader() {
  const over = useDrop();
  if (!me.value) return null;
  return (
    <>
      {over && <div class="dropping">Drop pictures or folders</div>}
      {(proposal.value || reported.value) && <UploadDialogs />}
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
