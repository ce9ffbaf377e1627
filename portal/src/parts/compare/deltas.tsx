// Precision and recall of both iterations, tag by tag; what lost most comes first.

import { byLoss, gain, type Delta } from "../../model/comparing";
import { percent, points } from "../../model/judging";
import type { Rates } from "../../model/curves";
import { tagOf } from "../../state/project";
import { colourOf } from "../grid/picture";

export function Deltas({ a, b, tags }: { a: Rates; b: Rates; tags: readonly Delta[] }) {
  return (
    <section class="card" aria-label="Tag by tag">
      <h2>Tag by tag</h2>
      <div class="scroll">
        <table class="deltas">
          <thead>
            <tr>
              <th scope="col">Tag</th>
              <th scope="col" class="number">
                Precision
              </th>
              <th scope="col" class="number">
                Recall
              </th>
            </tr>
          </thead>
          <tbody>
            <Row name="All tags" colour="" a={a} b={b} />
            {byLoss(tags).map(({ id, name, ...rates }) => (
              <Row key={id} name={name} colour={tagOf(id) ? colourOf(id) : "var(--line)"} {...rates} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ name, colour, a, b }: { name: string; colour: string; a: Rates | null; b: Rates | null }) {
  return (
    <tr class={colour ? "" : "overall"}>
      <th scope="row">
        {colour && <i style={{ background: colour }} />} {name}
        {!a && <small> · new</small>}
        {!b && <small> · no longer trained</small>}
      </th>
      <Change from={a?.precision} to={b?.precision} />
      <Change from={a?.recall} to={b?.recall} />
    </tr>
  );
}

const LEAST = 0.0005;

function Change({ from, to }: { from: number | null | undefined; to: number | null | undefined }) {
  const by = gain(from, to);
  const kind = by === null || Math.abs(by) < LEAST ? "" : by > 0 ? "better" : "worse";
  return (
    <td class="number">
      <span class="faint">{percent(from)} →</span> <span class="to">{percent(to)}</span> <b class={kind}>{by === null ? "" : points(by)}</b>
    </td>
  );
}
