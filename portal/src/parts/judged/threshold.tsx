// How sure a model has to be.

import { percent } from "../../model/judged";
import { stepped } from "../../model/suggesting";
import { hint } from "../../model/keys";
import { useKeys } from "../keyboard";
import "./judged.css";

interface Props {
  label: string;
  value: number;
  change: (threshold: number) => void;
}

/** The keys of the threshold that is shown. */
export const useThreshold = (value: number, change: (threshold: number) => void) =>
  useKeys("everywhere", { raise: () => change(stepped(value, 1)), lower: () => change(stepped(value, -1)) });

export const thresholdHint = () => `${hint("lower")} ${hint("raise")}`;

export function Threshold({ label, value, change }: Props) {
  useThreshold(value, change);
  return (
    <label class="threshold" title={thresholdHint()}>
      {label}
      <input type="range" min={0} max={1} step={0.01} value={value} aria-valuetext={percent(value)} onInput={(event) => change(Number(event.currentTarget.value))} />
      <b>{percent(value)}</b>
    </label>
  );
}
