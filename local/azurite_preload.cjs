// Loaded into Azurite before it starts: ends it with its parent, and writes its state out sooner.
"use strict";
const Module = require("module");

// The parent holds the other end of stdin, so however the parent ends, the end of stdin is seen here.
process.stdin.resume();
process.stdin.unref?.();
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

// Azurite writes each database out whole every 5 s, blocking while it does. A small one costs nothing to write
// often, so that little is lost if Azurite is killed; a large one is written as seldom as Azurite itself would.
const SOONEST_MS = 100;
const LATEST_MS = 5000;
const COST_FACTOR = 20;

function saveByCost(Loki) {
  Loki.prototype.autosaveDisable = function () {
    clearTimeout(this.autosaveHandle?.timer);
    this.autosaveHandle = null;
  };
  Loki.prototype.autosaveEnable = function () {
    this.autosaveDisable();
    const handle = (this.autosaveHandle = { timer: null });
    const sleep = (milliseconds) => {
      // A save that was under way when the database was closed ends here.
      if (this.autosaveHandle === handle) handle.timer = setTimeout(tick, milliseconds);
    };
    const tick = () => {
      const started = Date.now();
      const rest = () => sleep(Math.min(LATEST_MS, Math.max(SOONEST_MS, COST_FACTOR * (Date.now() - started))));
      if (this.autosaveDirty()) this.saveDatabase(rest);
      else rest();
    };
    sleep(SOONEST_MS);
  };
}

const load = Module._load;
const patched = new Set();
Module._load = function (request, ...rest) {
  const exported = load.call(this, request, ...rest);
  if (request === "lokijs" && !patched.has(exported)) {
    patched.add(exported);
    saveByCost(exported);
  }
  return exported;
};
