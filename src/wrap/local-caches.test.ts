import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ownerScope } from "../scope.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { localCaches } from "./local-caches.ts";

test("answers as a store's caches do, whatever is asked of both", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          call: fc.constantFrom("get", "set", "claim", "increment", "delete"),
          tenant: fc.constantFrom("a", "b"),
          key: fc.constantFrom("x", "y"),
          value: fc.integer({ min: 1, max: 9 }),
          ttlMs: fc.constantFrom(5, 50),
          passed: fc.integer({ min: 0, max: 20 }),
        }),
        { maxLength: 40 },
      ),
      async (steps) => {
        let now = 0;
        const pair = [localCaches(() => now), openMemoryStore({ now: () => now }).caches];
        for (const { call, tenant, key, value, ttlMs, passed } of steps) {
          now += passed;
          const scope = ownerScope(tenant);
          const answers = await Promise.all(
            pair.map(async (caches) => {
              if (call === "set") return caches.set(scope, "s", key, value, ttlMs);
              if (call === "claim") return caches.claim(scope, "s", key, value, ttlMs);
              if (call === "increment") return caches.increment(scope, "s", key, value, ttlMs);
              return caches[call](scope, "s", key);
            }),
          );
          assert.deepEqual(answers[0], answers[1], `${call} ${JSON.stringify(answers)}`);
        }
      },
    ),
  ));
