// Loaded into Azurite before it starts: ends it with its parent, leaves out what is never used, orders its tables,
// journals its databases, tells of uploads and lets polls wait.
"use strict";

// The parent holds the other end of stdin, so however the parent ends, the end of stdin is seen here.
process.stdin.resume();
process.stdin.unref?.();
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

require("./unused.cjs");

// Azurite alone reads and sorts whole tables.
require("./tables.cjs").install(process.argv[1]);

// Azurite alone forgets up to the last 5 s when it is killed.
require("./journal.cjs").install(process.argv[1]);

// Azurite has no Event Grid.
require("./uploads.cjs").install(process.argv[1]);

// Azurite alone is asked for messages each second.
require("./polls.cjs").install();
