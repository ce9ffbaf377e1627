// Loaded into Azurite before it starts: ends it with its parent, orders its tables, journals its databases and tells of
// uploads.
"use strict";
const fs = require("fs");
const http = require("http");

// The parent holds the other end of stdin, so however the parent ends, the end of stdin is seen here.
process.stdin.resume();
process.stdin.unref?.();
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

// Azurite alone reads and sorts whole tables.
require("./tables.cjs").install(process.argv[1]);

// Azurite alone forgets up to the last 5 s when it is killed.
require("./journal.cjs").install(process.argv[1]);

// Azurite has no Event Grid. Each upload is a line of this file, which local/eventgrid follows: listing the container
// over and over would cost 0.3 ms a blob each time. The first line says which Azurite this is, and whether the one
// before it ended in good order or was killed, with the last uploads perhaps not told of.
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
