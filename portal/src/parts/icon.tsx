// The few signs of the page, drawn here.

const PATHS = {
  eye: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm2 3.5a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2Z",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm-7.5 16c.6-4 3.7-6 7.5-6s6.9 2 7.5 6Z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6Z",
  upload: "M11 16V8.8L7.7 12.1 6.3 10.7 12 5l5.7 5.7-1.4 1.4L13 8.8V16ZM5 18h14v2H5Z",
  search: "M10.5 4a6.5 6.5 0 0 1 5.1 10.5l4.2 4.1-1.4 1.4-4.1-4.2A6.5 6.5 0 1 1 10.5 4Zm0 2a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z",
  more: "M6 10.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Zm6 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Zm6 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Z",
  check: "M9.5 17.2 4.8 12.5l1.4-1.4 3.3 3.3 8.3-8.3 1.4 1.4Z",
  bin: "M9 4h6l1 2h4v2H4V6h4ZM6 9h12l-1 11H7Zm3 2 .4 7h1.5l-.4-7Zm4.5 0-.4 7h1.5l.4-7Z",
  pen: "m15.2 4.8 4 4L9 19H5v-4Zm0 2.8L7 15.8V17h1.2l8.2-8.2Z",
} as const;

export const Icon = ({ name }: { name: keyof typeof PATHS }) => (
  <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[name]} fill="currentColor" fill-rule="evenodd" />
  </svg>
);
