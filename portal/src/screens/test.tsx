// Quick test: drop, paste, name or take a picture, and see at once what an iteration says of it.

import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api/send";
import { said } from "../model/judged";
import { short } from "../model/names";
import { Bars, JudgedPicture } from "../parts/judged/looked";
import { useBeginning, useKeys } from "../parts/keyboard";
import { Empty, EmptyScreen, Fault } from "../parts/states";
import { Invitation } from "../parts/test/invitation";
import { Side } from "../parts/test/side";
import { usePictures } from "../parts/test/giving";
import { Webcam } from "../parts/test/webcam";
import { iterationOf, kind } from "../state/judging";
import { project } from "../state/project";
import { pathOf, search, setSearch } from "../state/route";
import { DEPLOYERS, lacks } from "../state/session";
import { again, choose, chosen, forget, step, tested, testFiles, testUrl, threshold, type Tested } from "../state/tested";
import "../parts/test/test.css";

export function QuickTest() {
  const given = new URLSearchParams(search.value).get("iteration") ?? "";
  const iteration = iterationOf(given) ?? iterationOf("");
  if (!iteration) return <Untrained />;
  return <Tester iterationId={iteration.id} />;
}

const Untrained = () => (
  <EmptyScreen title="There is nothing to test yet">
    <p class="faint">Train an iteration, and try it here on pictures that it has never seen.</p>
    <a class="button primary" href={pathOf(project.value!.id, "train")}>
      Train
    </a>
  </EmptyScreen>
);

function Tester({ iterationId }: { iterationId: string }) {
  const [filming, setFilming] = useState(false);
  const why = lacks(DEPLOYERS);
  const test = (files: readonly Blob[]) => void (why || (setFilming(false), testFiles(files, iterationId)));
  const name = (url: string) => void (why || (setFilming(false), testUrl(url, iterationId)));
  const over = usePictures(test, name);
  useKeys("image", { left: () => step(-1), right: () => step(1), delete: () => chosen.value && forget(chosen.value.id), leave: () => (filming ? setFilming(false) : false) });
  useEffect(() => {
    const one = chosen.peek();
    if (one && one.iterationId !== iterationId) void again(one.id, iterationId);
  }, [iterationId, chosen.value?.id]);
  const one = chosen.value;
  const ways = { test, name, film: () => setFilming(true), why };
  return (
    <div class={`tester${over ? " over" : ""}`}>
      <section class="stage" aria-label="Picture" {...useBeginning<HTMLElement>()}>
        {filming ? <Webcam iterationId={iterationId} onTake={(picture) => void testFiles([picture], iterationId)} onClose={() => setFilming(false)} /> : one ? <Shown one={one} /> : <Invitation {...ways} />}
        {tested.value.length > 0 && <Strip />}
      </section>
      <Side one={filming ? undefined : one} iterationId={iterationId} onIteration={(id) => setSearch(`?iteration=${id}`)} ways={ways} />
    </div>
  );
}

function Shown({ one }: { one: Tested }) {
  // What is wrong with the picture stays wrong.
  const { fault } = one;
  const mayPass = fault instanceof Refused && fault.passing;
  if (fault) return <Fault title={`${one.name} was not tested`} fault={fault} {...(mayPass && { again: () => void again(one.id, one.iterationId) })} />;
  const counting = said(one.predictions ?? [], kind.value, threshold.value);
  if (!one.picture)
    return (
      <Empty title={one.name}>
        <p class="faint">The page shows no pictures of other sites. Keep it among the predictions to see it here.</p>
        <Bars predictions={counting} threshold={threshold.value} />
      </Empty>
    );
  return <JudgedPicture uri={one.picture} name={one.name} said={kind.value === "Detector" ? counting : []} />;
}

/** Of a name in place of a picture. */
const LETTERS = 20;

/** All that were tried. */
const Strip = () => (
  <ul class="strip" aria-label="Tried before">
    {tested.value.map((each) => (
      <li key={each.id}>
        <button aria-label={each.name} aria-pressed={each === chosen.value} title={each.name} onClick={() => choose(each.id)}>
          {each.picture && !each.fault ? <img src={each.picture} alt="" /> : <span>{short(each.name, LETTERS)}</span>}
        </button>
      </li>
    ))}
  </ul>
);
