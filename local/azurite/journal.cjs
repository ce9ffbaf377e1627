// Journals the databases of Azurite, so that an Azurite that is killed keeps everything that it answered for.
//
// Azurite holds its metadata in LokiJS databases in memory and writes each out whole every 5 s, and when it starts and
// ends. Here each change is appended to a journal beside the database before any answer leaves; SIGKILL can't take from
// a file what was written. A database is written out when its journal has grown large.
// A journal has numbered segments. A save starts a new one and carries its number into the file that it writes, so
// that file and the segments from that number on are always the whole state, whenever the kill comes.
// What blobs and messages contain needs no journal: Azurite answers after it has synced that to disk.
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");
const { linesOf } = require("./lines.cjs");
const { Table } = require("./tables.cjs");
const { requireFor } = require("./versions.cjs");

// A save writes everything, so it waits until so much of the last one's size is to be read again at a start.
const SAVE_AT_SHARE = 1 / 2;

const journals = new WeakMap(); // of each database that is kept on disk, and of each of its collections
let pending = []; // what is still to be written, in order: [{ journal, changes: [json, ...] }]

class Journal {
  constructor(db) {
    this.db = db;
    this.file = null;
    this.size = 0;
    this.silent = false;
    db.journalSegment = 0;
    // Without a database, segments are of one that somebody deleted.
    if (!fs.existsSync(db.filename)) this.dropBefore(Infinity);
  }

  path(segment) {
    return `${this.db.filename}.journal.${segment}`;
  }

  segments() {
    const start = path.basename(this.path(""));
    const names = fs.readdirSync(path.dirname(this.db.filename)).filter((name) => name.startsWith(start));
    return names.map((name) => Number(name.slice(start.length))).sort((a, b) => a - b);
  }

  dropBefore(first) {
    for (const segment of this.segments()) if (segment < first) fs.unlinkSync(this.path(segment));
  }

  record(...change) {
    if (this.silent) return;
    // What no request asked for, such as the removal of unused extents, is written by the immediate.
    if (pending.length === 0) setImmediate(flush);
    if (pending.at(-1)?.journal !== this) pending.push({ journal: this, changes: [] });
    pending.at(-1).changes.push(JSON.stringify(change));
  }

  append(line) {
    this.file ??= fs.openSync(this.path(this.db.journalSegment), "ax");
    fs.writeFileSync(this.file, line);
    this.size += Buffer.byteLength(line);
  }

  startSegment(number) {
    if (this.file !== null) fs.closeSync(this.file);
    this.file = null;
    this.db.journalSegment = number;
  }

  isSmall() {
    const saved = fs.statSync(this.db.filename, { throwIfNoEntry: false });
    return saved !== undefined && this.size < saved.size * SAVE_AT_SHARE;
  }

  replayFrom(first) {
    const segments = this.segments();
    for (const segment of segments) {
      this.size += fs.statSync(this.path(segment)).size;
      // What follows the last line's end was being written when Azurite was killed, so it was not answered for.
      for (const line of linesOf(this.path(segment))) {
        for (const [what, ...how] of JSON.parse(line)) REPLAY[what](this.db, ...how);
      }
    }
    this.startSegment(segments.length ? segments.at(-1) + 1 : first);
  }
}

const REPLAY = {
  addCollection: (db, name, options) => db.addCollection(name, options),
  removeCollection: (db, name) => db.removeCollection(name),
  insert: (db, name, { $loki, meta, ...document }) => {
    const collection = db.getCollection(name);
    collection.maxId = $loki - 1; // insertOne counts on from here
    collection.insertOne(document).meta = meta;
  },
  update: (db, name, document) => {
    const meta = { ...document.meta };
    db.getCollection(name).update(document).meta = meta;
  },
  remove: (db, name, ids) => {
    const collection = db.getCollection(name);
    // Removing a batch sorts all indices anew, which pays for many only.
    if (ids.length > 1) collection.removeBatch(ids);
    else collection.remove(ids[0]);
  },
  put: (db, name, row) => db.getCollection(name).put(row),
  drop: (db, name, ...key) => db.getCollection(name).drop(...key),
};

// One line holds all that a request changed in one database: a replacement is a removal and an insertion, and half of
// it would lose the row. Extents come before the blobs that refer to them, as Azurite makes them in that order.
function flush() {
  try {
    for (const { journal, changes } of pending) journal.append(`[${changes.join(",")}]\n`);
    pending = [];
  } catch (error) {
    // It must not answer any more: as after any kill, the next start has all that was answered for.
    fs.writeSync(process.stderr.fd, `Azurite ends, as its journal can't be written: ${error.message}\n`);
    process.kill(process.pid, "SIGKILL");
  }
}

function wrap(prototype, name, around) {
  const original = prototype[name];
  prototype[name] = function (...given) {
    const journal = journals.get(this);
    if (!journal) return original.apply(this, given);
    return around.call(this, journal, (...passed) => original.apply(this, passed), ...given);
  };
}

function wrapDatabase(prototype) {
  const configure = prototype.configureOptions;
  prototype.configureOptions = function (...given) {
    configure.apply(this, given);
    if (this.persistenceMethod === "fs") journals.set(this, new Journal(this));
  };
  wrap(prototype, "addCollection", (journal, add, name, options) => {
    const collection = add(name, options);
    journals.set(collection, journal);
    journal.record("addCollection", name, options);
    return collection;
  });
  wrap(prototype, "removeCollection", (journal, remove, name) => {
    journals.delete(journal.db.getCollection(name));
    remove(name);
    journal.record("removeCollection", name);
  });
  wrap(prototype, "loadJSONObject", (journal, load, stored, options) => {
    journal.silent = true;
    load(stored, options);
    // What an Azurite without a journal has saved goes with no segment: those of one before are dropped, and it is saved
    // anew before the first request, so that ours go with it.
    journal.dropBefore(stored.journalSegment ?? Infinity);
    journal.replayFrom(stored.journalSegment ?? 0);
    if (stored.journalSegment === undefined) journal.size = Infinity;
    journal.silent = false;
  });
  wrap(prototype, "saveDatabaseInternal", (journal, save, callback) => {
    flush();
    if (journal.isSmall()) return callback(null);
    journal.startSegment(journal.db.journalSegment + 1);
    journal.size = 0;
    const first = journal.db.journalSegment;
    save((error) => {
      // The file is in place under its name: LokiJS writes another and renames it.
      if (!error) journal.dropBefore(first);
      callback(error);
    });
  });
}

// All other ways to change a collection come down to these, and those to change a table to the two of its own.
function wrapCollection(prototype) {
  wrap(prototype, "insertOne", function (journal, insert, ...given) {
    const document = insert(...given);
    if (document) journal.record("insert", this.name, document);
    return document;
  });
  wrap(prototype, "update", function (journal, update, document) {
    const updated = update(document);
    if (!Array.isArray(document)) journal.record("update", this.name, updated);
    return updated;
  });
  wrap(prototype, "remove", function (journal, remove, document) {
    const id = document.$loki ?? document; // removed, it has none
    const removed = remove(document);
    if (!Array.isArray(document) && removed !== null) journal.record("remove", this.name, [id]);
    return removed;
  });
  wrap(prototype, "removeBatchByPositions", function (journal, remove, positions) {
    this.ensureId();
    const ids = positions.map((position) => this.idIndex[position]);
    if (remove(positions) !== null && ids.length > 0) journal.record("remove", this.name, ids);
  });
  wrap(prototype, "clear", () => {
    throw new Error("The journal does not know how to clear a collection, as Azurite never did.");
  });
}

function wrapTable(prototype) {
  wrap(prototype, "put", function (journal, put, row) {
    put(row);
    journal.record("put", this.name, row);
  });
  wrap(prototype, "drop", function (journal, drop, ...key) {
    drop(...key);
    journal.record("drop", this.name, ...key);
  });
}

function install(script) {
  const Loki = requireFor(script)("lokijs");
  wrapDatabase(Loki.prototype);
  wrapCollection(Loki.Collection.prototype);
  wrapTable(Table.prototype);
  const writeHead = http.ServerResponse.prototype.writeHead;
  http.ServerResponse.prototype.writeHead = function (...given) {
    flush();
    return writeHead.apply(this, given);
  };
}

module.exports = { install };
