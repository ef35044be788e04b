import { z } from "zod";
import type { CacheStore } from "../ports/cache-store.ts";
import type { Scope } from "../scope.ts";

const slot = z.object({
  /** Null: the provider's answer to the order has not arrived. */
  batchId: z.string().nullable(),
  requests: z.int(),
  inputTokens: z.number(),
  maxOutputTokens: z.number(),
  /** When it was ordered; epoch milliseconds. */
  at: z.number(),
  held: z.object({
    amount: z.number(),
    accounts: z.array(z.object({ key: z.string(), ttlMs: z.number() })).readonly(),
  }),
});

/** An order at a provider, as it outlives the process that made it. */
export type BatchSlot = z.infer<typeof slot>;

export interface BatchSlots {
  /** Orders that were made and not yet taken in, oldest first. */
  open(): Promise<readonly { readonly name: string; readonly slot: BatchSlot }[]>;
  add(slot: BatchSlot): Promise<string>;
  update(name: string, slot: BatchSlot): Promise<void>;
  /** False when somebody else has taken it in meanwhile. */
  close(name: string): Promise<boolean>;
}

const space = "batches";
/** Results are kept by the provider for 29 days. */
const ttlMs = 29 * 86_400_000;
/** More than this are never open at once. */
const newest = 200;

/** Numbered places in the store: each is written by one process at a time, so that no two overwrite each other. */
export function batchSlots(caches: CacheStore, scope: () => Scope, model: string): BatchSlots {
  const counter = `${model} count`;
  const nameOf = (number: number): string => `${model} ${number}`;
  return {
    async open() {
      const count = Number((await caches.get(scope(), space, counter)) ?? 0);
      const names = Array.from({ length: Math.min(newest, count) }, (_, i) => nameOf(count - i)).toReversed();
      const found = await Promise.all(names.map((name) => caches.get(scope(), space, name)));
      return found.flatMap((value, i) => (value === null ? [] : [{ name: names[i]!, slot: slot.parse(value) }]));
    },
    async add(value) {
      const name = nameOf(await caches.increment(scope(), space, counter, 1, 100 * ttlMs));
      await caches.set(scope(), space, name, value, ttlMs);
      return name;
    },
    update: (name, value) => caches.set(scope(), space, name, value, ttlMs),
    close: (name) => caches.delete(scope(), space, name),
  };
}
