// Which of the trained iterations is asked.

import { titleOf, trained } from "../../state/judging";

interface Props {
  value: string;
  change: (iterationId: string) => void;
  /** What stands for no one in particular. */
  any?: string;
}

export const IterationChoice = ({ value, change, any }: Props) => (
  <select aria-label="Iteration" value={value} onChange={(event) => change(event.currentTarget.value)}>
    {any && <option value="">{any}</option>}
    {trained.value.map((iteration) => (
      <option key={iteration.id} value={iteration.id}>
        {titleOf(iteration)}
      </option>
    ))}
  </select>
);
