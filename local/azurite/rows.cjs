// Rows of a table in order of (PartitionKey, RowKey), as Azure returns them: found, put, dropped and walked in O(log n).
"use strict";

// Rows lie in sorted blocks of at most so many. An array to shift of this length costs a microsecond.
const BLOCK = 512;

// In order of UTF-16 units, as Azurite sorts.
function isBefore(row, partition, key) {
  return row.PartitionKey === partition ? row.RowKey < key : row.PartitionKey < partition;
}

// The first position of which `isLeft` does not hold, as it holds of all before.
function border(length, isLeft) {
  let low = 0;
  for (let high = length; low < high; ) {
    const middle = (low + high) >> 1;
    if (isLeft(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Rows {
  constructor(rows = []) {
    const sorted = [...rows].sort((a, b) => (isBefore(a, b.PartitionKey, b.RowKey) ? -1 : 1));
    this.blocks = [];
    for (let at = 0; at < sorted.length; at += BLOCK) this.blocks.push(sorted.slice(at, at + BLOCK));
  }

  // Where the first row is that is not before the key: [block, position in it].
  seek(partition, key) {
    const block = border(this.blocks.length, (at) => isBefore(this.blocks[at].at(-1), partition, key));
    const rows = this.blocks[block] ?? [];
    return [block, border(rows.length, (at) => isBefore(rows[at], partition, key))];
  }

  get(partition, key) {
    const [block, position] = this.seek(partition, key);
    const row = this.blocks[block]?.[position];
    return row?.PartitionKey === partition && row.RowKey === key ? row : null;
  }

  put(row) {
    const [block, position] = this.seek(row.PartitionKey, row.RowKey);
    if (block === this.blocks.length) return this.append(row);
    const rows = this.blocks[block];
    const there = rows[position];
    const same = there.PartitionKey === row.PartitionKey && there.RowKey === row.RowKey;
    rows.splice(position, same ? 1 : 0, row);
    if (rows.length > BLOCK) this.blocks.splice(block + 1, 0, rows.splice(BLOCK / 2));
  }

  append(row) {
    const last = this.blocks.at(-1);
    if (last && last.length < BLOCK) last.push(row);
    else this.blocks.push([row]);
  }

  drop(partition, key) {
    if (this.get(partition, key) === null) return;
    const [block, position] = this.seek(partition, key);
    this.blocks[block].splice(position, 1);
    if (this.blocks[block].length === 0) this.blocks.splice(block, 1);
  }

  // The rows from a place on whose keys lie within bounds: from `first` to `last`, and that too, or to the end without.
  *within({ PartitionKey: partitions, RowKey: keys }, partition = "", key = "") {
    let [block, position] = this.seek(partition, key);
    while (block < this.blocks.length) {
      const row = this.blocks[block][position];
      if (row.PartitionKey > partitions.last) return;
      if (row.PartitionKey < partitions.first) [block, position] = this.seek(partitions.first, keys.first);
      else if (row.RowKey < keys.first) [block, position] = this.seek(row.PartitionKey, keys.first);
      // No key lies between a key and the same key with "\0" behind it.
      else if (row.RowKey > keys.last) [block, position] = this.seek(`${row.PartitionKey}\0`, keys.first);
      else {
        yield row;
        position += 1;
        if (position === this.blocks[block].length) [block, position] = [block + 1, 0];
      }
    }
  }

  // Copies of the blocks: rows are replaced and never changed, so these stay as they are.
  snapshot() {
    return this.blocks.map((rows) => [...rows]);
  }
}

module.exports = { Rows };
