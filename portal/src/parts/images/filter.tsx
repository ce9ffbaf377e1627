// What narrows the view, and is taken away by a press.

interface Props {
  text: string;
  label: string;
  onEnd: () => void;
}

export const Filter = ({ text, label, onEnd }: Props) => (
  <button class="filter" title={text} aria-label={label} onClick={onEnd}>
    <span class="name">{text}</span>✕
  </button>
);
