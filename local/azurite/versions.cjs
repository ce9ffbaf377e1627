// The versions whose insides the files beside this one rest on.
"use strict";
const { createRequire } = require("module");
const path = require("path");

// Which methods Azurite reads and changes its data by, that it does so without pause in a transaction, where a blob
// says what it holds, and how LokiJS loads and saves. Read both again before allowing another version.
const WRITTEN_FOR = { azurite: "3.37.0", lokijs: "1.5.12" };

// What the script of this Azurite would require.
function requireFor(script) {
  const required = createRequire(script);
  const found = { azurite: required("../../package.json").version, lokijs: required("lokijs/package.json").version };
  for (const [name, version] of Object.entries(WRITTEN_FOR)) {
    if (found[name] === version) continue;
    throw new Error(`${path.dirname(__filename)} is written for ${name} ${version}, not ${found[name]}.`);
  }
  return required;
}

module.exports = { requireFor };
