// The camera of this machine: take a picture, or let the iteration look all the time.

import { useEffect, useRef, useState } from "preact/hooks";
import * as client from "../../api/client";
import type { Prediction } from "../../api/client";
import { said } from "../../model/judged";
import { kind } from "../../state/judging";
import { project } from "../../state/project";
import { threshold } from "../../state/tested";
import { Bars, Frames } from "../judged/looked";
import { useKeys } from "../keyboard";
import { Empty } from "../states";

interface Props {
  iterationId: string;
  onTake: (picture: File) => void;
  onClose: () => void;
}

const QUALITY = 0.9;
const PAUSE_MS = 150;
const REFUSED = "The browser does not let this page see through the camera. Allow it beside the address, and try again.";

export function Webcam({ iterationId, onTake, onClose }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [fault, setFault] = useState("");
  const [size, setSize] = useState({ width: 4, height: 3 });
  const [looks, setLooks] = useState(false);
  const seen = useLooking(video, iterationId, looks, setFault);
  useEffect(() => film(video.current!, setFault), []);
  const take = () => void pictureOf(video.current!).then((picture) => picture && (onTake(picture), onClose()));
  useKeys("image", { next: take });
  if (fault)
    return (
      <Empty title="No picture from the camera">
        <p>{fault}</p>
        <button onClick={onClose}>Back</button>
      </Empty>
    );
  const counting = said(seen, kind.value, threshold.value);
  return (
    <div class="webcam">
      <div class="looked" style={{ aspectRatio: `${size.width} / ${size.height}`, maxWidth: `calc(var(--tall) * ${size.width / size.height})` }}>
        <video ref={video} muted playsInline aria-label="What the camera sees" onLoadedMetadata={({ currentTarget: { videoWidth: width, videoHeight: height } }) => setSize({ width, height })} />
        <Frames said={counting} />
      </div>
      {kind.value !== "Detector" && seen.length > 0 && <Bars predictions={counting.slice(0, 3)} threshold={threshold.value} />}
      <div class="buttons">
        <button class="primary" onClick={take}>
          Take a picture <kbd>Space</kbd>
        </button>
        <label class="check">
          <input type="checkbox" checked={looks} onChange={(event) => setLooks(event.currentTarget.checked)} />
          Look all the time
        </label>
        <button onClick={onClose}>Close</button>
      </div>
    </div>
  );
}

/** The camera is let go when the view ends. */
function film(video: HTMLVideoElement, refused: (why: string) => void): () => void {
  const asked = navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  asked.then((stream) => {
    video.srcObject = stream;
    return video.play();
  }).catch((fault: unknown) => refused(fault instanceof DOMException && fault.name === "NotAllowedError" ? REFUSED : String(fault)));
  return () => void asked.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
}

/** One look after the other, none of which is kept. */
function useLooking(video: { current: HTMLVideoElement | null }, iterationId: string, looks: boolean, refused: (why: string) => void): readonly Prediction[] {
  const [seen, setSeen] = useState<readonly Prediction[]>([]);
  useEffect(() => {
    let going = looks;
    const run = async () => {
      while (going) {
        const picture = video.current && (await pictureOf(video.current));
        if (picture && going) setSeen((await client.quickTestImage(project.value!.id, { iterationId, store: false }, picture)).predictions);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    };
    run().catch((fault: unknown) => going && refused(fault instanceof Error ? fault.message : String(fault)));
    return () => {
      going = false;
      setSeen([]);
    };
  }, [looks, iterationId]);
  return seen;
}

async function pictureOf(video: HTMLVideoElement): Promise<File | null> {
  if (!video.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  const taken = new Date().toLocaleTimeString(undefined, { hour12: false }).replaceAll(":", ".");
  return new File([await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY })], `webcam ${taken}.jpg`, { type: "image/jpeg" });
}
