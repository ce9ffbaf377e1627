// Keeps the tables of Azurite in the order of their keys, so that what a query costs depends on what it finds.
//
// Azurite keeps a table as a LokiJS collection: each query reads all rows of all partitions and sorts what it found,
// each removal shifts arrays of the length of the table, and each save makes one string of the whole database, which
// ends at the 512 MB that a string may have. Here a table is `Rows`, and saves are written in pieces beside the work.
"use strict";
const fs = require("fs");
const { linesOf } = require("./lines.cjs");
const { Rows } = require("./rows.cjs");
const { requireFor } = require("./versions.cjs");

const PLACE = "./table/persistence";

// What Azurite's table store and LokiJS ask of a collection that holds a table. Changes come down to `put` and `drop`.
class Table {
  constructor(name, rows) {
    this.name = name;
    this.rows = new Rows(rows);
    this.dirty = true;
  }

  findOne({ PartitionKey, RowKey }) {
    return this.rows.get(PartitionKey, RowKey);
  }

  insert(row) {
    this.put(row);
  }

  update(row) {
    this.put(row);
  }

  remove(row) {
    this.drop(row.PartitionKey, row.RowKey);
  }

  put(row) {
    this.dirty = true;
    this.rows.put(row);
  }

  drop(partition, key) {
    this.dirty = true;
    this.rows.drop(partition, key);
  }

  toJSON() {
    return { name: this.name };
  }
}

// All other collections, in all of Azurite's databases, have names in dollars.
function isTable(name) {
  return !name.startsWith("$");
}

// Between which keys the rows lie that a condition can hold of; some that it does not hold of lie there too.
function narrow(bounds, node) {
  if (node.name === "and") {
    narrow(bounds, node.left);
    narrow(bounds, node.right);
  }
  const limits = node.left?.name === "id" ? bounds[node.left.identifier] : undefined;
  const value = node.right?.name === "constant" ? node.right.value : undefined;
  if (!limits || typeof value !== "string") return;
  if (["eq", "ge", "gt"].includes(node.name) && value > limits.first) limits.first = value;
  if (["eq", "le", "lt"].includes(node.name) && !(value > limits.last)) limits.last = value;
}

function wrapStore(prototype, parse, generator) {
  prototype.queryTableEntities = async function (context, account, table, options, ...tokens) {
    const { rows } = this.getEntityCollection(account, table, context);
    const matches = generator.generateQueryForPersistenceLayer(options, context);
    const bounds = { PartitionKey: { first: "" }, RowKey: { first: "" } };
    // These are what the generator takes without parsing.
    if (![undefined, "", "true", "false"].includes(options.filter)) narrow(bounds, parse(options.filter));
    const top = this.getMaxResultsOption(options);
    const found = [];
    for (const row of rows.within(bounds, ...tokens.map((token) => this.decodeContinuationHeader(token)))) {
      if (matches(row)) found.push(row);
      if (found.length > top) break;
    }
    const next = this.adjustQueryResultforTop(found, top);
    return [found, next.nextPartitionKeyResponse, next.nextRowKeyResponse];
  };
}

// The file of a database: the line that LokiJS would write, and then lines with rows of the tables.
function* lines(head, tables) {
  yield `${head}\n`;
  for (const [name, blocks] of tables) for (const rows of blocks) yield `${JSON.stringify([name, rows])}\n`;
}

async function save(db) {
  const tables = db.collections.filter((collection) => collection instanceof Table);
  const text = lines(db.serialize(), tables.map((table) => [table.name, table.rows.snapshot()]));
  db.autosaveClearFlags();
  // Others have their turn after each line, while it is written.
  await fs.promises.writeFile(`${db.filename}~`, text);
  await fs.promises.rename(`${db.filename}~`, db.filename);
}

function load(db) {
  if (!fs.existsSync(db.filename)) return;
  const lines = linesOf(db.filename);
  // A file of LokiJS itself has one line, which has no end.
  const stored = JSON.parse(lines.next().value ?? fs.readFileSync(db.filename, "utf8"));
  const tables = new Map();
  for (const { name, data = [] } of stored.collections) if (isTable(name)) tables.set(name, data);
  for (const line of lines) {
    const [name, rows] = JSON.parse(line);
    tables.get(name).push(...rows);
  }
  stored.collections = stored.collections.filter(({ name }) => !isTable(name));
  db.loadJSONObject({ ...stored, tables }, {});
}

function wrapDatabase(prototype) {
  const { addCollection, loadJSONObject } = prototype;
  prototype.addCollection = function (name, options) {
    if (!isTable(name)) return addCollection.call(this, name, options);
    const table = new Table(name, options.rows);
    this.collections.push(table);
    return table;
  };
  prototype.loadJSONObject = function ({ tables, ...stored }, options) {
    loadJSONObject.call(this, stored, options);
    for (const [name, rows] of tables) this.addCollection(name, { rows });
  };
  prototype.saveDatabaseInternal = function (callback) {
    save(this).then(() => callback(null), callback);
  };
  prototype.loadDatabaseInternal = function (options, callback) {
    load(this);
    callback(null);
  };
}

function install(script) {
  const required = requireFor(script);
  wrapDatabase(required("lokijs").prototype);
  const parse = required(`${PLACE}/QueryInterpreter/QueryParser`).default;
  const generator = required(`${PLACE}/LokiTableStoreQueryGenerator`).default;
  wrapStore(required(`${PLACE}/LokiTableMetadataStore`).default.prototype, parse, generator);
}

module.exports = { Table, install };
