// Loaded into Azurite before it starts: ends it with its parent, writes its state out sooner, and tells of uploads.
"use strict";
const fs = require("fs");
const http = require("http");
const Module = require("module");

// The parent holds the other end of stdin, so however the parent ends, the end of stdin is seen here.
process.stdin.resume();
process.stdin.unref?.();
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

// Azurite writes each database out whole every 5 s, blocking while it does. A small one costs nothing to write
// often, so that little is lost if Azurite is killed; a large one is written as seldom as Azurite itself would.
const SOONEST_MS = 50;
const LATEST_MS = 5000;
const COST_FACTOR = 5;

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

// Azurite has no Event Grid. Each upload is a line of this file, which local/eventgrid follows: listing the container
// over and over would cost 0.3 ms a blob each time. The first line says which Azurite this is, and whether the one
// before it ended in good order or was killed, with its last writes perhaps not on disk.
const JOURNAL = "uploads.log";
const END = "end\n";
const WATCHED = /^\/devstoreaccount1\/uploads\/[^?]/;

const fresh = !fs.existsSync(JOURNAL);
const clean = fresh || fs.readFileSync(JOURNAL, "utf8").endsWith(END);
fs.rmSync(JOURNAL, { force: true });
const journal = fs.openSync(JOURNAL, "ax");
fs.writeSync(journal, `start ${process.pid}.${Date.now()} ${clean ? "clean" : "killed"}\n`);
process.on("exit", () => fs.writeSync(journal, END));

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (name, request, response) {
  if (name === "request" && request.method === "PUT" && WATCHED.test(request.url)) {
    const path = request.url.split("?")[0];
    response.once("finish", () => {
      if (response.statusCode === 201 || response.statusCode === 202) fs.writeSync(journal, `put ${path}\n`);
    });
  }
  return emit.apply(this, arguments);
};
