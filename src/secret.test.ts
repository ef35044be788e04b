import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Secret } from "./secret.ts";

const value = "pa-0123456789abcdefghijklmnop";

test("a secret never prints, whatever it is inside of", () => {
  const holder = { key: new Secret(value), list: [new Secret(value)] };
  for (const shown of [
    String(holder.key),
    `${holder.key}`,
    JSON.stringify(holder),
    inspect(holder, { depth: 9, showHidden: true }),
  ]) {
    assert.ok(!shown.includes(value.slice(3, 12)), shown);
  }
  assert.equal(holder.key.reveal(), value);
});

test("a mask shows four characters at each end of a long secret and nothing of a short one", () => {
  assert.equal(new Secret(value).masked(), "pa-0…mnop");
  assert.equal(new Secret("fifteen-letters").masked(), "***");
});
