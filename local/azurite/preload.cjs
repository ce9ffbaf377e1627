// Loaded into Azurite before it starts: ends it with its parent, leaves out its telemetry, orders its tables, journals
// its databases and tells of uploads.
"use strict";
const { requireFor } = require("./versions.cjs");

// The parent holds the other end of stdin, so however the parent ends, the end of stdin is seen here.
process.stdin.resume();
process.stdin.unref?.();
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

// Switched off by --disableTelemetry, it would still take 1.8 of the 2.6 s of processor time of a start, and 45 MB.
const telemetry = requireFor(process.argv[1]).resolve("applicationinsights");
require.cache[telemetry] = { id: telemetry, filename: telemetry, loaded: true, exports: {} };

// Azurite alone reads and sorts whole tables.
require("./tables.cjs").install(process.argv[1]);

// Azurite alone forgets up to the last 5 s when it is killed.
require("./journal.cjs").install(process.argv[1]);

// Azurite has no Event Grid.
require("./uploads.cjs").install(process.argv[1]);
