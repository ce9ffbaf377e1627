// Lets a poll of a queue wait until there is something to find, as five listeners that ask each second take a fortieth
// of a core. Each answer to a poll names the state of its queue, which changes when a message comes or becomes visible.
// A poll that names that state again is held, but no longer than HOLD_MS: what becomes visible after a restart is not
// known here.
"use strict";
const http = require("http");

const MESSAGES = /^\/devstoreaccount1\/([^/?]+)\/messages(?:[/?]|$)/;
const STATE = "x-ocellus-queue-state";
const HOLD_MS = 5000;
// Azurite compares whole milliseconds.
const SLACK_MS = 20;

const changes = new Map();
const held = new Map();

const stateOf = (queue) => `${process.pid}.${changes.get(queue) ?? 0}`;

function change(queue) {
  changes.set(queue, (changes.get(queue) ?? 0) + 1);
  release(queue);
}

function release(queue) {
  const polls = held.get(queue) ?? [];
  held.delete(queue);
  for (const go of polls) go();
}

function hold(queue, response, go) {
  const polls = held.get(queue) ?? new Set();
  held.set(queue, polls.add(answer));
  const timer = setTimeout(answer, HOLD_MS);
  // For a client that is gone nothing may be taken from the queue.
  response.once("close", leave);
  function leave() {
    clearTimeout(timer);
    polls.delete(answer);
    response.off("close", leave);
  }
  function answer() {
    leave();
    go();
  }
}

// What is sent, put back, or taken for a while can be taken when that time is over.
function foresee(queue, query, response) {
  const seconds = Number(new URLSearchParams(query).get("visibilitytimeout") ?? 0);
  response.once("finish", () => {
    if (response.statusCode < 300) setTimeout(change, 1000 * seconds + SLACK_MS, queue).unref();
  });
}

function install() {
  const { emit } = http.Server.prototype;
  http.Server.prototype.emit = function (event, request, response) {
    const [, queue] = (event === "request" && MESSAGES.exec(request.url)) || [];
    if (queue === undefined || request.method === "DELETE") return emit.apply(this, arguments);
    const query = request.url.split("?")[1];
    const go = () => {
      if (request.method === "GET") response.setHeader(STATE, stateOf(queue));
      if (!new URLSearchParams(query).has("peekonly")) foresee(queue, query, response);
      emit.apply(this, arguments);
    };
    if (request.headers[STATE] === stateOf(queue)) hold(queue, response, go);
    else go();
    return true;
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.prependListener(signal, () => [...held.keys()].forEach(release));
}

module.exports = { install };
