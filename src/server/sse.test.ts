import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { test } from "node:test";
import { writeEvents } from "./sse.ts";

/** A client that takes what it is sent, or nothing after the first piece. */
function reader(isStalled: boolean) {
  let got = "";
  const response = new Writable({
    highWaterMark: 1,
    write(piece: Buffer, _encoding, done) {
      got += piece.toString();
      if (!isStalled) setImmediate(done);
    },
  });
  Object.assign(response, { writeHead: () => response });
  return { response: response as unknown as ServerResponse, got: () => got };
}

function eventsSeen(count: number) {
  const seen = { given: 0, ended: false };
  async function* events() {
    try {
      for (; seen.given < count; seen.given++) yield { event: "step", data: { number: seen.given } };
    } finally {
      seen.ended = true;
    }
  }
  return { seen, events: events() };
}

const options = { headers: {}, problem: () => ({}) };

test("waits for who reads slowly, and leaves nothing behind that listens", async () => {
  const { response, got } = reader(false);
  const { events } = eventsSeen(50);
  const before = response.listenerCount("close");
  await writeEvents(response, events, options);
  assert.equal(got().match(/^event: step$/gm)?.length, 50);
  assert.ok(response.listenerCount("close") <= before);
});

test("cuts off who reads nothing any more, and ends the work", async () => {
  const { response } = reader(true);
  const { seen, events } = eventsSeen(50);
  await writeEvents(response, events, { ...options, stallMs: 5 });
  assert.deepEqual([response.destroyed, seen.ended, seen.given < 50], [true, true, true]);
});
