// Runs in the page before the portal does: tells what somebody sees, and when.
const PATIENCE_MS = 60_000;
const later = () => new Promise((resolve) => requestAnimationFrame(resolve));
/** After the next frame is painted. */
const painted = () => later().then(() => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = resolve;
  port2.postMessage(null);
}));

const inSight = () => {
  const pane = document.querySelector(".grid");
  if (!pane) return [];
  const { top, bottom } = pane.getBoundingClientRect();
  return [...pane.querySelectorAll("[role=option]")].filter((cell) => {
    const at = cell.getBoundingClientRect();
    return at.bottom > top && at.top < bottom;
  });
};
const isThere = (picture) => !!picture?.complete && picture.naturalWidth > 0;

window.probe = {
  /** When all pictures in sight are there; milliseconds of the page's clock. */
  async thumbnails() {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      const cells = inSight();
      if (cells.length && cells.every((cell) => isThere(cell.querySelector("img")))) return performance.now();
      await later();
    }
    throw new Error("the pictures in sight did not come");
  },
  /** From a jump to a part of the whole height until all pictures in sight are there. */
  async jump(part) {
    const pane = document.querySelector(".grid");
    const from = performance.now();
    pane.scrollTop = part * (pane.scrollHeight - pane.clientHeight);
    await later();
    await later();
    return (await this.thumbnails()) - from;
  },
  /** Count frames until `stop`, which answers with how long each took, and how many nodes there were at most. */
  frames() {
    const seen = { frames: [], nodes: 0 };
    let last = performance.now();
    let going = true;
    const frame = (now) => {
      seen.frames.push(now - last);
      last = now;
      seen.nodes = Math.max(seen.nodes, document.getElementsByTagName("*").length);
      if (going) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    this.stop = () => ((going = false), seen);
  },
  /** From the next key to the first frame after something changed in `within`. */
  key(within) {
    this.seen = new Promise((resolve) => {
      addEventListener("keydown", ({ timeStamp }) => {
        const watched = new MutationObserver(() => {
          watched.disconnect();
          void painted().then(() => resolve(performance.now() - timeStamp));
        });
        watched.observe(document.querySelector(within), { subtree: true, childList: true, characterData: true, attributes: true });
      }, { capture: true, once: true });
    });
  },
  /** From the next key until all is saved again. */
  saving() {
    this.saved = new Promise((resolve) => {
      addEventListener("keydown", ({ timeStamp }) => {
        let begun = false;
        const state = () => document.querySelector("[data-state]")?.dataset.state;
        const watched = new MutationObserver(() => {
          begun ||= state() === "saving";
          if (!begun || state() !== "saved") return;
          watched.disconnect();
          resolve(performance.now() - timeStamp);
        });
        watched.observe(document.querySelector("header"), { subtree: true, childList: true, characterData: true, attributes: true });
      }, { capture: true, once: true });
    });
  },
  /** Until the one picture that is looked at is there. */
  async picture() {
    while (!isThere(document.querySelector(".placed img"))) await later();
  },
  /** From the next key until another picture is seen. */
  next() {
    const before = location.pathname;
    this.shown = new Promise((resolve) => {
      addEventListener("keydown", async ({ timeStamp }) => {
        const isShown = () => {
          const picture = document.querySelector(".placed img");
          return location.pathname !== before && isThere(picture) && picture.src.includes(location.pathname.split("/").at(-1));
        };
        while (!isShown()) await later();
        await painted();
        resolve(performance.now() - timeStamp);
      }, { capture: true, once: true });
    });
  },
  /** Move a slider, and do what follows up to the layout; milliseconds. */
  async slide(field, value, within) {
    const changed = new Promise((resolve) => new MutationObserver(resolve).observe(document.querySelector(within), { subtree: true, childList: true, characterData: true, attributes: true }));
    const from = performance.now();
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await changed;
    document.body.getBoundingClientRect();
    return performance.now() - from;
  },
};
