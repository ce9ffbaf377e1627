// How sure a model has to be.

import { percent } from "../../model/judged";

interface Props {
  label: string;
  value: number;
  change: (threshold: number) => void;
}

export const Threshold = ({ label, value, change }: Props) => (
  <label class="threshold">
    {label}
    <input type="range" min={0} max={1} step={0.01} value={value} aria-valuetext={percent(value)} onInput={(event) => change(Number(event.currentTarget.value))} />
    <b>{percent(value)}</b>
  </label>
);
