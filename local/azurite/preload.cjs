// Loaded into Azurite before it starts: ends it with its parent, leaves out what is never used, orders its tables,
// journals its databases, tells of uploads and lets polls wait.
"use strict";
const { requireFor } = require("./versions.cjs");

// The parent holds the other end of stdin, so however the parent ends, the end of stdin is seen here.
process.stdin.resume();
process.stdin.unref?.();
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

// What is never used here takes long to load. Telemetry that is switched off by --disableTelemetry: 1.8 of the 2.6 s of
// processor time of a start, and 45 MB. Blobs in an SQL database: a sixth of the rest.
const required = requireFor(process.argv[1]);
for (const unused of [required.resolve("applicationinsights"), required.resolve("./blob/SqlBlobServer")]) {
  require.cache[unused] = { id: unused, filename: unused, loaded: true, exports: {} };
}

// Azurite alone reads and sorts whole tables.
require("./tables.cjs").install(process.argv[1]);

// Azurite alone forgets up to the last 5 s when it is killed.
require("./journal.cjs").install(process.argv[1]);

// Azurite has no Event Grid.
require("./uploads.cjs").install(process.argv[1]);

// Azurite alone is asked for messages each second.
require("./polls.cjs").install();
