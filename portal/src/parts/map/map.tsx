// Images as points: those that look alike lie together. A line that is drawn around some shows them beside it.

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Point } from "../../model/geometry";
import { counted } from "../../model/labelling";
import { isWithin, type MapPoint } from "../../model/mapping";
import { tagIds } from "../../model/changes";
import { NONE, withIds } from "../../model/selection";
import { FIT, panned, placed, within, zoomed, type Place, type Size, type Zoom } from "../../model/zoom";
import { fault, follow, map } from "../../state/map";
import * as pages from "../../state/pages";
import { picked } from "../../state/picked";
import { project } from "../../state/project";
import { selection } from "../../state/view";
import { colourOf } from "../grid/picture";
import { useFocus } from "../keyboard";
import { Empty, EmptyScreen, Fault, Waiting } from "../states";
import "./map.css";

const GROUND = { width: 1000, height: 1000 };
const STEP = 1.25;
const PULL = 60;
/** Pixels from the middle of a point to its rim. */
const RADIUS = 3.5;
/** So many are shown beside the map: more is no group that anybody looks through. */
const MOST = 1024;

export function ImageMap() {
  const { id } = project.value!;
  const [attempts, setAttempts] = useState(0);
  useEffect(() => follow(id), [id, attempts]);
  if (fault.value && !map.value) return <Fault fault={fault.value} again={() => setAttempts(attempts + 1)} />;
  if (!map.value) return <Waiting text="Reading the map" />;
  if (map.value.points.length)
    return (
      <>
        <Points points={map.value.points} />
        {pages.total.value === 0 && <NothingChosen />}
      </>
    );
  if (map.value.state === "Lacking") return <EmptyScreen title="A map takes three images or more"><p class="faint">Drop pictures anywhere.</p></EmptyScreen>;
  return (
    <EmptyScreen title="Drawing the map">
      <p class="faint">{map.value.state === "Unavailable" ? "What looks at images is on its way; it comes by itself." : "It is there in a moment; of many images it takes a minute."}</p>
    </EmptyScreen>
  );
}

const NothingChosen = () => (
  <Empty title="Nothing is chosen on the map">
    <p class="faint">Draw a line around points, and their images are shown here, all chosen: a digit tags them.</p>
  </Empty>
);

function Points({ points }: { points: readonly MapPoint[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useFocus(canvas);
  // The next key may come before the map is drawn again.
  const zoom = useSignal<Zoom>(FIT);
  const size = useSize(canvas);
  const [line, setLine] = useState<readonly Point[]>([]);
  const place = () => placed(zoom.value, GROUND, size);
  const seen = place();
  void pages.revision.value;
  useLayoutEffect(() => draw(canvas.current!, size, points.map((point) => ({ ...onFrame(point, seen), point })), line));
  const pick = (isIn: (point: MapPoint) => boolean) => {
    const ids = points.filter(isIn).map((point) => point.id).slice(0, MOST);
    picked.value = ids;
    void pages.reopen().then(() => (selection.value = ids.length ? withIds(NONE, ids) : NONE));
  };
  const inSight = () => pick((point) => isInFrame(onFrame(point, place()), size));
  const by = (ratio: number, at = { x: size.width / 2, y: size.height / 2 }) => void (zoom.value = zoomed(zoom.value, GROUND, size, at, zoom.value.factor * ratio));
  const pull = (dx: number, dy: number) => void (zoom.value = panned(zoom.value, GROUND, size, dx, dy));
  const keys: Record<string, () => unknown> = {
    ArrowLeft: () => pull(PULL, 0),
    ArrowRight: () => pull(-PULL, 0),
    ArrowUp: () => pull(0, PULL),
    ArrowDown: () => pull(0, -PULL),
    "+": () => by(STEP),
    "-": () => by(1 / STEP),
    f: () => (zoom.value = FIT),
    Enter: inSight,
  };
  const choose = (drawn: readonly Point[]) => {
    const around = drawn.map((at) => within(place(), at));
    pick((point) => isWithin(around, point));
  };
  const lasso = useLine(setLine, choose, pull);
  return (
    <div class="map">
      <Tools count={points.length} by={by} inSight={inSight} />
      <div class="ground">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label={`Map of ${counted(points.length, "image")}: arrows pull it, plus and minus zoom, Enter shows what is in sight`}
          onKeyDown={(event) => {
            const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
            if (!act) return;
            event.preventDefault();
            event.stopPropagation();
            act();
          }}
          onWheel={(event) => {
            event.preventDefault();
            by(STEP ** (-event.deltaY / 100), { x: event.offsetX, y: event.offsetY });
          }}
          {...lasso}
        />
      </div>
    </div>
  );
}

function Tools({ count, by, inSight }: { count: number; by: (ratio: number) => void; inSight: () => void }) {
  const { total, drawing } = map.value!;
  return (
    <p class="faint" aria-live="polite">
      {drawing ? "A newer map is on its way. " : ""}
      {count < total ? `${count.toLocaleString()} of ${counted(total, "image")} are on it. ` : ""}
      Draw around points to see their images.
      <button onClick={() => by(STEP)} aria-label="Zoom in">
        +
      </button>
      <button onClick={() => by(1 / STEP)} aria-label="Zoom out">
        −
      </button>
      <button onClick={inSight}>Show what is in sight</button>
    </p>
  );
}

/** Pixels of what holds it. */
function useSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => setSize({ width: entry!.contentRect.width, height: entry!.contentRect.height }));
    watch.observe(element.current!.parentElement!);
    return () => watch.disconnect();
  }, []);
  return size;
}

const onFrame = (point: Point, { left, top, width, height }: Place): Point => ({ x: left + point.x * width, y: top + point.y * height });
const isInFrame = ({ x, y }: Point, { width, height }: Size) => x >= 0 && y >= 0 && x <= width && y <= height;

/** A line is drawn by the left button, and the map pulled by the middle one. */
function useLine(show: (line: readonly Point[]) => void, done: (line: readonly Point[]) => void, pull: (dx: number, dy: number) => void) {
  const line = useRef<Point[] | null>(null);
  const at = (event: PointerEvent) => ({ x: event.offsetX, y: event.offsetY });
  return {
    onPointerDown: (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
      if (event.button > 1) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      if (event.button === 0) line.current = [at(event)];
      else event.preventDefault();
    },
    onPointerMove: (event: PointerEvent) => {
      if (event.buttons & 4) pull(event.movementX, event.movementY);
      else if (line.current) show((line.current = [...line.current, at(event)]));
    },
    onPointerUp: () => {
      const drawn = line.current;
      line.current = null;
      show([]);
      if (drawn && drawn.length > 2) done(drawn);
    },
    onPointerCancel: () => {
      line.current = null;
      show([]);
    },
  };
}

interface Shown extends Point {
  point: MapPoint;
}

function draw(canvas: HTMLCanvasElement, { width, height }: Size, shown: readonly Shown[], line: readonly Point[]): void {
  const scale = devicePixelRatio;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const to = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name.replace(/^var\((.*)\)$/, "$1"));
  to.scale(scale, scale);
  const ids = new Set(picked.value);
  for (const { x, y, point } of shown) {
    const tag = tagOf(point);
    to.beginPath();
    to.arc(x, y, ids.has(point.id) ? RADIUS + 1.5 : RADIUS, 0, 2 * Math.PI);
    to.fillStyle = tag ? colour(colourOf(tag)) : colour("--strong");
    to.fill();
    if (!ids.has(point.id)) continue;
    to.strokeStyle = colour("--text");
    to.stroke();
  }
  if (line.length < 2) return;
  to.beginPath();
  for (const { x, y } of line) to.lineTo(x, y);
  to.closePath();
  to.strokeStyle = colour("--accent");
  to.lineWidth = 2;
  to.stroke();
}

/** Its tag of now, where its image is beside the map; it keeps that when others take the image's place. */
function tagOf(point: MapPoint): string {
  const image = pages.find(point.id);
  if (image) point.tagId = tagIds(image)[0] ?? "";
  return point.tagId;
}
