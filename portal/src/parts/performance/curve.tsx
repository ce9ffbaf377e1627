// Precision over recall, of all tags and of one; a dot where the threshold is. A press on it takes the threshold there.

import { useMemo } from "preact/hooks";
import type { PerformanceCurve, PerformanceCurves } from "../../api/client";
import { at, line } from "../../model/curves";
import { percent } from "../../model/judging";
import { short } from "../../model/names";
import { threshold } from "../../state/performance";
import { tagOf } from "../../state/project";
import { colourOf } from "../grid/picture";

const [WIDTH, HEIGHT] = [360, 250];
const EDGE = { left: 36, right: 12, top: 10, bottom: 34 };
/** Of a name beside the heading. */
const LETTERS = 18;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const x = (recall: number) => EDGE.left + recall * (WIDTH - EDGE.left - EDGE.right);
const y = (precision: number) => HEIGHT - EDGE.bottom - precision * (HEIGHT - EDGE.top - EDGE.bottom);

export function CurveChart({ curves, tagId }: { curves: PerformanceCurves; tagId: string }) {
  const tag = curves.tags.find(({ id }) => id === tagId);
  const press = (event: MouseEvent) => {
    const frame = (event.currentTarget as SVGElement).getBoundingClientRect();
    const place = { x: ((event.clientX - frame.left) * WIDTH) / frame.width, y: ((event.clientY - frame.top) * HEIGHT) / frame.height };
    threshold.value = nearest(tag ?? curves.overall, place);
  };
  return (
    <section class="card chart" aria-label="Precision and recall">
      <header>
        <h2>Precision and recall</h2>
        <span class="grow" />
        {tag && (
          <span class="legend" title={tag.name}>
            <i style={{ background: tagOf(tag.id) ? colourOf(tag.id) : "var(--faint)" }} /> {short(tag.name, LETTERS)}
          </span>
        )}
        <span class="legend">
          <i class="all" /> all tags
        </span>
      </header>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={described(curves, tag)} onClick={press}>
        {AXES}
        <Line curve={curves.overall} class={tag ? "line behind" : "line"} />
        {tag && <Line curve={tag} class="line" colour={tagOf(tag.id) ? colourOf(tag.id) : "var(--faint)"} />}
        <Dot curve={tag ?? curves.overall} />
      </svg>
    </section>
  );
}

function described(curves: PerformanceCurves, tag: (PerformanceCurve & { name: string }) | undefined): string {
  const { precision, recall } = at(tag ?? curves.overall, threshold.value);
  return `Of ${tag?.name ?? "all tags"} at the threshold ${threshold.value.toFixed(2)}: precision ${percent(precision)}, recall ${percent(recall)}`;
}

function Axes() {
  return (
    <g class="axes">
      {TICKS.map((tick) => (
        <g key={tick}>
          <path d={`M${x(0)},${y(tick)}H${x(1)}M${x(tick)},${y(0)}V${y(1)}`} />
          <text x={x(0) - 6} y={y(tick) + 4} text-anchor="end">
            {100 * tick}
          </text>
          <text x={x(tick)} y={y(0) + 14} text-anchor="middle">
            {100 * tick}
          </text>
        </g>
      ))}
      <text x={x(0.5)} y={HEIGHT - 4} text-anchor="middle">
        recall, %
      </text>
      <text transform={`translate(10 ${y(0.5)}) rotate(-90)`} text-anchor="middle">
        precision, %
      </text>
    </g>
  );
}

/** Made once, as it stays while the threshold moves. */
const AXES = <Axes />;

function Line({ curve, class: kind, colour }: { curve: PerformanceCurve; class: string; colour?: string }) {
  const points = useMemo(() => said(curve).map(([recall, precision]) => `${x(recall).toFixed(1)},${y(precision).toFixed(1)}`).join(" "), [curve]);
  return <polyline class={kind} points={points} style={colour ? { stroke: colour } : undefined} />;
}

/** Above the highest probability nothing is said, so that there is no precision. */
const said = (curve: PerformanceCurve) => line(curve).filter(([recall, precision]) => recall > 0 || precision > 0);

function Dot({ curve }: { curve: PerformanceCurve }) {
  const { precision, recall } = at(curve, threshold.value);
  return precision === null || recall === null ? null : <circle class="dot" cx={x(recall)} cy={y(precision)} r={6} />;
}

/** The threshold of the curve's point that is nearest to a place of the drawing. */
function nearest(curve: PerformanceCurve, place: { x: number; y: number }): number {
  const far = line(curve).map(([recall, precision]) => Math.hypot(x(recall) - place.x, y(precision) - place.y));
  return far.length ? far.indexOf(Math.min(...far)) / Math.max(far.length - 1, 1) : threshold.value;
}
