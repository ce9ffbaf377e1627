// The frame that a picture lies in: zoomed at the pointer, pulled about, and with boxes over it where there are any.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Image } from "../../api/client";
import { isFine, frame, place } from "../../state/zoom";
import { fetch } from "../../state/pages";
import { appear, image } from "../../state/showing";
import { boxes, chosen, hidden, mode } from "../../state/boxes";
import { isDetector } from "../../state/project";
import { nameOf } from "../grid/picture";
import { usePointing } from "./pointing";

export function Stage({ children }: { children?: ComponentChildren }) {
  const pane = useRef<HTMLDivElement>(null);
  const { value: shown } = image;
  const pointing = usePointing(pane);
  useLayoutEffect(() => observed(pane.current!), []);
  useEffect(() => pane.current?.focus({ preventScroll: true }), [shown?.id]);
  const classes = ["stage", isDetector.value ? mode.value : "", hidden.value ? "bare" : "", boxes.value.length > CROWD ? "crowded" : ""];
  return (
    <div ref={pane} class={classes.join(" ")} tabIndex={0} {...roles(shown)} {...pointing}>
      <Placed>
        {shown && <Photo key={shown.id} image={shown} />}
        {children}
      </Placed>
    </div>
  );
}

/** With more boxes than this, names would hide the picture. */
const CROWD = 40;

/** A detector's picture is a list of boxes to who can't see it. */
function roles(shown: Image | undefined) {
  const name = shown ? nameOf(shown) : "no image yet";
  if (!isDetector.value) return { role: "group", "aria-label": `Picture: ${name}` } as const;
  return { role: "listbox", "aria-label": `Boxes on ${name}`, "aria-activedescendant": chosen.value ? `box-${chosen.value}` : undefined } as const;
}

function observed(pane: HTMLElement) {
  const observer = new ResizeObserver(() => (frame.value = { width: pane.clientWidth, height: pane.clientHeight }));
  observer.observe(pane);
  return () => observer.disconnect();
}

/** Zooming and pulling lay this alone anew: what is within is placed by per cent. */
function Placed({ children }: { children: ComponentChildren }) {
  const { value: at } = place;
  if (!at) return null;
  return (
    <div class="placed" role="presentation" style={{ transform: `translate(${at.left}px, ${at.top}px)`, width: `${at.width}px`, height: `${at.height}px` }}>
      {children}
    </div>
  );
}

/** The addresses of pictures end after a day: one that is gone is asked for once more. */
function Photo({ image: shown }: { image: Image }) {
  const [faults, setFaults] = useState(0);
  const again = () => {
    setFaults(1);
    void fetch([shown.id]).catch(() => setFaults(2));
  };
  if (faults > 1)
    return (
      <div class="gone" role="alert">
        <p>This picture can't be loaded.</p>
        <button onClick={again}>Load it again</button>
      </div>
    );
  const address = isFine.value ? shown.originalImageUri : shown.resizedImageUri;
  return <img key={faults} src={address} alt="" draggable={false} onLoad={() => appear(shown.id)} onError={() => (faults ? setFaults(2) : again())} />;
}
