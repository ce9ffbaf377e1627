// Reads files of lines that may be larger than a string.
"use strict";
const fs = require("fs");

const PART = 1 << 22;
const END = "\n".charCodeAt(0);

// All lines that have an end.
function* linesOf(filename) {
  const file = fs.openSync(filename, "r");
  try {
    for (let parts = [], part; (part = readPart(file)).length > 0; ) {
      let start = 0;
      for (let end; (end = part.indexOf(END, start)) >= 0; start = end + 1) {
        yield Buffer.concat([...parts, part.subarray(start, end)]).toString();
        parts = [];
      }
      parts.push(part.subarray(start));
    }
  } finally {
    fs.closeSync(file);
  }
}

function readPart(file) {
  const part = Buffer.allocUnsafe(PART);
  return part.subarray(0, fs.readSync(file, part));
}

module.exports = { linesOf };
