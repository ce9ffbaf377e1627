// The ways in which a picture comes to the test: dropped, pasted, chosen.

import { useEffect, useRef, useState } from "preact/hooks";

const TYPES = "image/jpeg,image/png,image/gif,image/bmp";
const isAddress = (text: string) => /^https?:\/\/\S+$/.test(text.trim());

/** Take what is dropped or pasted anywhere on the page. True while something is held over it. */
export function usePictures(test: (files: readonly File[]) => void, name: (url: string) => void): boolean {
  const [over, setOver] = useState(false);
  const then = useRef({ test, name });
  then.current = { test, name };
  useEffect(() => {
    const ending = new AbortController();
    const listen = <Kind extends keyof WindowEventMap>(kind: Kind, told: (event: WindowEventMap[Kind]) => void) => addEventListener(kind, told, { signal: ending.signal });
    const take = (data: DataTransfer | null, event: Event) => {
      const text = data?.getData("text/uri-list") || data?.getData("text/plain") || "";
      if (data?.files.length) then.current.test([...data.files]);
      else if (isAddress(text)) then.current.name(text.trim());
      else return;
      event.preventDefault();
    };
    listen("dragover", (event) => (event.preventDefault(), setOver(true)));
    listen("dragleave", (event) => event.relatedTarget === null && setOver(false));
    listen("drop", (event) => (event.preventDefault(), setOver(false), take(event.dataTransfer, event)));
    listen("paste", (event) => !(event.target instanceof HTMLInputElement) && take(event.clipboardData, event));
    return () => ending.abort();
  }, []);
  return over;
}

/** Open the file dialog. */
export function chooseFiles(test: (files: readonly File[]) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = TYPES;
  input.onchange = () => input.files && test([...input.files]);
  input.click();
}

/** Whether the machine has a camera, as far as the browser tells before anybody is asked. */
export function useHasCamera(): boolean {
  const [has, setHas] = useState(false);
  useEffect(() => {
    void navigator.mediaDevices?.enumerateDevices().then((devices) => setHas(devices.some(({ kind }) => kind === "videoinput")), () => {});
  }, []);
  return has;
}
