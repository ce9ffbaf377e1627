// A list of any length as a grid: it draws what is in sight, and asks for rows only where scrolling rests.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { layout, position, revealed, visible, type Layout } from "../../model/layout";
import { useLasso } from "./lasso";

export interface Cell {
  /** What it shows; null while its row is not there. */
  face: ComponentChildren;
  /** In words. */
  name: string;
  selected: boolean;
}

interface Props {
  label: string;
  total: number;
  size: number;
  focus: number;
  /** Where it was scrolled to before. */
  scrolled: number;
  multiple?: boolean;
  cell: (index: number, resting: boolean) => Cell;
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
  const { label, total, size, focus, scrolled, need, onLayout } = props;
  const pane = useRef<HTMLDivElement>(null);
  const [frame, setFrame] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(scrolled);
  const resting = useResting(top, frame.height);
  const at = layout(frame.width, size, total);
  const [from, to] = visible(at, top, frame.height, total);

  useLayoutEffect(() => observe(pane.current!, setFrame), []);
  useLayoutEffect(() => {
    if (frame.height) pane.current!.scrollTop = scrolled;
  }, [frame.height > 0]);
  useEffect(() => onLayout(at, Math.max(1, Math.floor(frame.height / at.step))), [at.columns, at.step, frame.height]);
  useEffect(() => {
    if (resting && to > from) need(from, to - 1);
  });
  useLayoutEffect(() => {
    if (!frame.height || total === 0) return;
    const wanted = revealed(at, focus, pane.current!.scrollTop, frame.height);
    if (wanted !== pane.current!.scrollTop) pane.current!.scrollTop = wanted;
  }, [focus, at.columns, at.cell]);

  const lasso = useLasso(pane, at, total, props.onLasso);
  const scroll = (event: Event) => {
    const place = (event.currentTarget as HTMLElement).scrollTop;
    setTop(place);
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
      {...lasso.handlers}
    >
      <div class="ground" style={{ height: `${at.height}px` }} role="presentation">
        {Array.from({ length: to - from }, (_, place) => drawn(from + place, at, resting, props))}
        {lasso.box && <div class="lasso" style={lasso.box} />}
      </div>
    </div>
  );
}

function drawn(index: number, at: Layout, resting: boolean, props: Props) {
  const { face, name, selected } = props.cell(index, resting);
  const { left, top } = position(at, index);
  const press = (event: MouseEvent) => {
    const more = event.ctrlKey || event.metaKey || (event.target instanceof Element && !!event.target.closest("[data-mark]"));
    props.onPress(index, { range: event.shiftKey, more });
  };
  return (
    <div
      key={index}
      id={`cell-${index}`}
      class={`cell${index === props.focus ? " focus" : ""}${face ? "" : " vacant"}`}
      role="option"
      aria-selected={selected}
      aria-posinset={index + 1}
      aria-setsize={props.total}
      aria-label={name}
      style={{ transform: `translate(${left}px, ${top}px)`, width: `${at.cell}px`, height: `${at.cell}px` }}
      onClick={press}
      onDblClick={() => props.onOpen(index)}
    >
      {face}
    </div>
  );
}

/** Whether scrolling has come to rest: while it flies, rows are only passed by. */
function useResting(top: number, height: number): boolean {
  const [flying, setFlying] = useState(false);
  const last = useRef(top);
  useEffect(() => {
    if (Math.abs(top - last.current) > height * FAR && height) setFlying(true);
    last.current = top;
    const timer = setTimeout(() => setFlying(false), REST_MS);
    return () => clearTimeout(timer);
  }, [top]);
  return !flying;
}

function observe(element: HTMLElement, told: (frame: { width: number; height: number }) => void) {
  const observer = new ResizeObserver(() => told({ width: element.clientWidth, height: element.clientHeight }));
  observer.observe(element);
  return () => observer.disconnect();
}
