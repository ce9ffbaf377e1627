// Leaves out of Azurite what is never used here and takes long to load. Telemetry that is switched off by
// --disableTelemetry: 1.8 of the 2.6 s of processor time of a start, and 45 MB. Blobs in an SQL database: a sixth of the
// rest. Nor are the packages of both installed, which were half of all, and five sixths of the files: package.json puts
// one in their place that Azurite has anyway.
"use strict";
const { createRequire } = require("module");

const required = createRequire(process.argv[1]);
for (const unused of [required.resolve("applicationinsights"), required.resolve("./blob/SqlBlobServer")]) {
  require.cache[unused] = { id: unused, filename: unused, loaded: true, exports: {} };
}
