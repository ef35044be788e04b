import assert from "node:assert/strict";
import type { ContractCase } from "./case.ts";

export const cacheCases: readonly ContractCase[] = [
  {
    name: "a cached value is read as it was set, until it expires",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const value = { list: [1, "a", null, true], deep: { x: 0.1, text: "𐍈" } };
      assert.equal(await store.caches.get(scope, "space", "key"), null);
      await store.caches.set(scope, "space", "key", value, 1000);
      await store.caches.set(scope, "space", "kept", "for ever", null);
      assert.deepEqual(await store.caches.get(scope, "space", "key"), value);
      clock.advance(999);
      assert.deepEqual(await store.caches.get(scope, "space", "key"), value);
      clock.advance(1);
      assert.equal(await store.caches.get(scope, "space", "key"), null);
      assert.equal(await store.caches.delete(scope, "space", "key"), false);
      clock.advance(1e12);
      assert.equal(await store.caches.get(scope, "space", "kept"), "for ever");
    },
  },
  {
    name: "a value set again takes the place and the time of the one before",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      await store.caches.set(scope, "space", "key", 1, 1000);
      clock.advance(900);
      await store.caches.set(scope, "space", "key", 2, 1000);
      clock.advance(900);
      assert.equal(await store.caches.get(scope, "space", "key"), 2);
    },
  },
  {
    name: "spaces and keys are apart, however they are spelled",
    async run({ store, tenant }) {
      const scope = tenant();
      const places = [
        ["a", "b:c"],
        ["a:b", "c"],
        ["a", "b/c"],
        ["a/b", "c"],
        ["", "a"],
        ["a", ""],
      ] as const;
      for (const [index, [space, key]] of places.entries()) await store.caches.set(scope, space, key, index, null);
      for (const [index, [space, key]] of places.entries()) {
        assert.equal(await store.caches.get(scope, space, key), index);
      }
    },
  },
  {
    name: "one of many claims wins, and all see its value",
    async run({ store, tenant }) {
      const scope = tenant();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, claimant) => store.caches.claim(scope, "space", "key", { claimant }, 1000)),
      );
      const winners = claims.flatMap((claim, index) => (claim.claimed ? [index] : []));
      assert.equal(winners.length, 1);
      for (const { value } of claims) assert.deepEqual(value, { claimant: winners[0] });
      assert.deepEqual(await store.caches.get(scope, "space", "key"), { claimant: winners[0] });
    },
  },
  {
    name: "an expired claim is free again",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const claim = (value: string) => store.caches.claim(scope, "space", "key", value, 1000);
      assert.deepEqual(await claim("first"), { claimed: true, value: "first" });
      clock.advance(999);
      assert.deepEqual(await claim("second"), { claimed: false, value: "first" });
      clock.advance(1);
      assert.deepEqual(await claim("third"), { claimed: true, value: "third" });
    },
  },
  {
    name: "increments at once lose nothing, and a counter begins anew when its time is over",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const add = (by: number) => store.caches.increment(scope, "space", "count", by, 1000);
      const seen = await Promise.all(Array.from({ length: 20 }, () => add(1)));
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      assert.equal(await add(0.5), 20.5);
      assert.equal(await add(-20), 0.5);
      assert.equal(await store.caches.get(scope, "space", "count"), 0.5);
      clock.advance(999);
      assert.equal(await add(1), 1.5);
      clock.advance(1);
      assert.equal(await add(3), 3);
    },
  },
  {
    name: "a deleted value is gone",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.caches.set(scope, "space", "key", "value", null);
      assert.equal(await store.caches.delete(scope, "other", "key"), false);
      assert.equal(await store.caches.delete(scope, "space", "key"), true);
      assert.equal(await store.caches.delete(scope, "space", "key"), false);
      assert.equal(await store.caches.get(scope, "space", "key"), null);
    },
  },
];
