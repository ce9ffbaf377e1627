// Tells of uploads, as Azurite has no Event Grid: each is a line of a file, which local/eventgrid follows. Listing the
// container over and over would cost 0.3 ms a blob each time.
//
// The first line says which Azurite this is, and whether the one before it ended in good order or was killed, with the
// last uploads perhaps not told of. An upload's line names its ETag. Changes of metadata and headers give a blob another
// ETag, although it holds what it held: for those a line names the ETag of before and the one of now.
"use strict";
const fs = require("fs");
const http = require("http");
const { requireFor } = require("./versions.cjs");

const JOURNAL = "uploads.log";
const END = "end\n";
const WATCHED = /^\/devstoreaccount1\/uploads\/([^?]+)/;
const BLOBS = "$BLOBS_COLLECTION$";
// Put Blob and Copy Blob have no `comp`.
const UPLOADS = [null, "blocklist"];

let blobs = null;

function watchBlobs(prototype) {
  const { getCollection } = prototype;
  prototype.getCollection = function (name) {
    const collection = getCollection.call(this, name);
    if (name === BLOBS) blobs = collection;
    return collection;
  };
}

// The ETag of a blob and where its bytes lie; nothing of one that is not there.
function stateOf(name) {
  const isWanted = (blob) => blob.containerName === "uploads" && blob.snapshot === "" && blob.isCommitted;
  const [blob] = blobs.chain().find({ name }).where(isWanted).data();
  if (blob === undefined) return {};
  const { persistency, committedBlocksInOrder, pageRangesInOrder, properties } = blob;
  return { etag: properties.etag, content: JSON.stringify([persistency, committedBlocksInOrder, pageRangesInOrder]) };
}

// What a request that has succeeded did to its blob; it changed nothing where the ETag is the same.
function lineOf(path, etag, before, after) {
  if (before.content !== after.content) return `put ${path} ${etag}\n`;
  return before.etag === after.etag ? "" : `touch ${path} ${before.etag} ${after.etag}\n`;
}

function nameOf(path) {
  try {
    return decodeURIComponent(WATCHED.exec(path)[1]);
  } catch {
    return null; // Azurite refuses such a request.
  }
}

function watch(request, response, journal) {
  const [path, query] = request.url.split("?");
  const comp = new URLSearchParams(query).get("comp");
  const name = nameOf(path);
  const before = UPLOADS.includes(comp) ? null : stateOf(name);
  response.once("finish", () => {
    if (response.statusCode >= 300) return;
    const etag = response.getHeader("etag");
    fs.writeSync(journal, before ? lineOf(path, etag, before, stateOf(name)) : `put ${path} ${etag}\n`);
  });
}

function openJournal() {
  const clean = !fs.existsSync(JOURNAL) || fs.readFileSync(JOURNAL, "utf8").endsWith(END);
  fs.rmSync(JOURNAL, { force: true });
  const journal = fs.openSync(JOURNAL, "ax");
  fs.writeSync(journal, `start ${process.pid}.${Date.now()} ${clean ? "clean" : "killed"}\n`);
  process.on("exit", () => fs.writeSync(journal, END));
  return journal;
}

function install(script) {
  watchBlobs(requireFor(script)("lokijs").prototype);
  const journal = openJournal();
  const { emit } = http.Server.prototype;
  http.Server.prototype.emit = function (event, request, response) {
    if (event === "request" && request.method === "PUT" && WATCHED.test(request.url)) watch(request, response, journal);
    return emit.apply(this, arguments);
  };
}

module.exports = { install };
