// A list of any length as a grid: it draws what is in sight, and asks for rows only where scrolling rests.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { layout, position, revealed, visible, type Layout } from "../../model/layout";
import { concerned } from "../../state/outbox";
import { useFocus } from "../keyboard";
import { useLasso } from "./lasso";
import { pressed, Tile, type Cell } from "./tile";

interface Props {
  label: string;
  total: number;
  size: number;
  focus: number;
  /** Where it was scrolled to before. */
  scrolled: number;
  multiple?: boolean;
  cell: (index: number) => Cell;
  need: (from: number, to: number) => void;
  onScroll: (top: number) => void;
  onPress: (index: number, held: { range: boolean; more: boolean }) => void;
  onOpen: (index: number) => void;
  onLasso?: (indexes: readonly number[], more: boolean) => void;
  /** Told whenever its cells are laid anew, so that keys know what a row is. */
  onLayout: (layout: Layout, rows: number) => void;
}

const REST_MS = 80;
/** Of a screen: a scroll event that moves farther is flying. */
const FAR = 1 / 6;

export function Grid(props: Props) {
  const { label, total, size, focus, scrolled, cell, need, onLayout } = props;
  const pane = useRef<HTMLDivElement>(null);
  const [frame, setFrame] = useState({ width: 0, height: 0 });
  /** Where it was when other cells came into sight: between two rows nothing is drawn anew. */
  const [top, setTop] = useState(scrolled);
  const { resting, moved } = useResting(frame.height);
  const at = layout(frame.width, size, total);
  const [from, to] = visible(at, top, frame.height, total);

  useFocus(pane);
  useLayoutEffect(() => observe(pane.current!, setFrame), []);
  useLayoutEffect(() => {
    if (frame.height) pane.current!.scrollTop = scrolled;
  }, [frame.height > 0]);
  useLayoutEffect(() => onLayout(at, Math.max(1, Math.floor(frame.height / at.step))), [at.columns, at.step, frame.height]);
  useEffect(() => {
    if (resting && to > from) need(from, to - 1);
  });
  useLayoutEffect(() => {
    if (!frame.height || total === 0) return;
    const wanted = revealed(at, focus, pane.current!.scrollTop, frame.height);
    if (wanted !== pane.current!.scrollTop) pane.current!.scrollTop = wanted;
  }, [focus, concerned.value, at.columns, at.cell]);

  const lasso = useLasso(pane, at, total, props.onLasso);
  const scroll = () => {
    // The browser tells of it in the next frame, when the grid may be gone.
    if (!pane.current) return;
    const place = pane.current.scrollTop;
    const [first, last] = visible(at, place, frame.height, total);
    if (first !== from || last !== to) setTop(place);
    moved(place);
    props.onScroll(place);
  };
  return (
    <div
      ref={pane}
      class="grid"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable={props.multiple ?? true}
      aria-activedescendant={focus >= from && focus < to ? `cell-${focus}` : undefined}
      onScroll={scroll}
      onClick={(event) => press(event, props)}
      onDblClick={(event) => open(event, props)}
      {...lasso.handlers}
    >
      <div class="ground" style={{ height: `${at.height}px` }} role="presentation">
        {Array.from({ length: to - from }, (_, place) => from + place).map((index) => (
          <Tile key={index} index={index} total={total} side={at.cell} focused={index === focus} resting={resting} {...position(at, index)} {...cell(index)} />
        ))}
        {lasso.box && <div class="lasso" style={lasso.box} />}
      </div>
    </div>
  );
}

function press(event: MouseEvent, { multiple = true, onPress }: Props): void {
  const place = pressed(event);
  if (place) onPress(place.index, { range: event.shiftKey, more: event.ctrlKey || event.metaKey || (multiple && place.marks) });
}

function open(event: MouseEvent, { onOpen }: Props): void {
  const place = pressed(event);
  if (place) onOpen(place.index);
}

/** Whether scrolling has come to rest: while it flies, rows are only passed by. */
function useResting(height: number): { resting: boolean; moved: (top: number) => void } {
  const [flying, setFlying] = useState(false);
  const last = useRef({ top: 0, timer: 0 });
  const moved = (top: number) => {
    if (Math.abs(top - last.current.top) > height * FAR) setFlying(true);
    clearTimeout(last.current.timer);
    last.current = { top, timer: setTimeout(() => setFlying(false), REST_MS) };
  };
  useEffect(() => () => clearTimeout(last.current.timer), []);
  return { resting: !flying, moved };
}

function observe(element: HTMLElement, told: (frame: { width: number; height: number }) => void) {
  const observer = new ResizeObserver(() => told({ width: element.clientWidth, height: element.clientHeight }));
  observer.observe(element);
  return () => observer.disconnect();
}
