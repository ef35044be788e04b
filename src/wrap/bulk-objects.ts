import { createHash } from "node:crypto";
import { isHybridRAGError } from "../errors.ts";
import type {
  BatchProgress,
  BatchRequest,
  BulkObjects,
  BulkOptions,
  BulkProgress,
  BulkRun,
  ModelBatches,
} from "../ports/bulk-objects.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import type { Scope } from "../scope.ts";
import { type BatchSlot, batchSlots } from "./batch-slots.ts";
import type { BudgetLedger } from "./budget.ts";
import { knownObject, objectKey, rememberObject } from "./cache-model.ts";
import type { Clock } from "./clock.ts";
import { type Guard, type ProviderCall, promptTokens } from "./guard.ts";
import { addTokens, noTokens } from "../ports/token-usage.ts";

export interface BulkObjectsOptions {
  readonly model: LanguageModel;
  readonly batches: ModelBatches;
  /** Where results go, under the keys by which `cacheObjects` finds them. */
  readonly caches: CacheStore;
  readonly scope: () => Scope;
  readonly ledger: Pick<BudgetLedger, "hold" | "settle">;
  /** Around each call of the provider. */
  readonly guard: Guard;
  readonly clock: Clock;
}

/** What a provider reads in at once; 1,000 requests of eight passages each are some 30 MB. */
const requestsPerBatch = 1000;
const firstWaitMs = 2000;
const longestWaitMs = 60_000;
const submitAttempts = 4;
/** The provider's clock may be behind by this. */
const clockErrorMs = 60_000;
interface Waiting {
  readonly slot: BatchSlot;
  done: number;
}

/**
 * Orders structured results in bulk. The highest possible cost of an order is set aside before it is made, its id is
 * stored before anything else happens, and its results are stored when they come: a run that is stopped, killed or
 * refused by its budget is taken up by the next one, which orders only what nobody has ordered.
 */
export function bulkObjects(options: BulkObjectsOptions): BulkObjects {
  const { batches, caches, clock, ledger, scope } = options;
  const slots = batchSlots(caches, scope, `${batches.provider}/${batches.model}`);

  const callOf = (
    { requests, inputTokens, maxOutputTokens }: Pick<BatchSlot, "requests" | "inputTokens" | "maxOutputTokens">,
    signal: AbortSignal,
  ): ProviderCall => ({
    provider: batches.provider,
    model: batches.model,
    operation: "generate",
    priceShare: batches.priceShare,
    urgent: false,
    signal,
    requests,
    inputTokens,
    maxOutputTokens,
  });

  /** One call of the provider, which costs nothing by itself. */
  async function guarded<T>(signal: AbortSignal, run: (signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const call = callOf({ requests: 1, inputTokens: 0, maxOutputTokens: 0 }, signal);
    return (await options.guard.call(call, async (inner) => ({ value: await run(inner), usage: noTokens }))).value;
  }

  async function order(requests: readonly BatchRequest[], signal: AbortSignal, attempt = 1): Promise<void> {
    const sent = {
      requests: requests.length,
      inputTokens: requests.reduce((sum, request) => sum + promptTokens(options.model, request), 0),
      maxOutputTokens: requests.reduce((sum, request) => sum + request.maxOutputTokens, 0),
    };
    const held = await ledger.hold(callOf(sent, signal));
    const slot: BatchSlot = { batchId: null, at: clock.now(), held, ...sent };
    const name = await slots.add(slot);
    try {
      const marked = requests.map((request) => ({ ...request, id: request.id + markOf(scope(), name, slot) }));
      await slots.update(name, { ...slot, batchId: await batches.submit(marked, signal) });
    } catch (error) {
      // The next run will ask what became of it.
      if (signal.aborted) throw error;
      if (!isHybridRAGError(error) || !error.retryable) {
        await giveUp(name, slot, signal);
        throw error;
      }
      const waitMs = Number(error.details["retry_after_ms"] ?? firstWaitMs * attempt);
      await clock.sleep(Math.min(longestWaitMs, waitMs), signal);
      const known = new Set((await slots.open()).flatMap((one) => one.slot.batchId ?? []));
      if ((await recover(name, slot, known, signal)) !== null) return;
      if (attempt >= submitAttempts) throw error;
      await order(requests, signal, attempt + 1);
    }
  }

  async function giveUp(name: string, slot: BatchSlot, signal: AbortSignal): Promise<void> {
    if (await slots.close(name)) await ledger.settle(slot.held, callOf(slot, signal), null);
  }

  /** An order whose id never arrived: the provider's list tells whether it was made. Null: it was not. */
  async function recover(
    name: string,
    slot: BatchSlot,
    known: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<BatchSlot | null> {
    const list = await guarded(signal, (inner) => batches.since(slot.at - clockErrorMs, inner));
    const found = list.findLast(({ id, requests }) => requests === slot.requests && !known.has(id));
    if (found === undefined) {
      await giveUp(name, slot, signal);
      return null;
    }
    const recovered = { ...slot, batchId: found.id };
    await slots.update(name, recovered);
    return recovered;
  }

  /**
   * Stores what an order that has ended brought. What failed in it is left to single calls, and so is all of an order
   * that turns out to be somebody else's of the same size.
   */
  async function takeIn(name: string, slot: BatchSlot, signal: AbortSignal): Promise<void> {
    const mark = markOf(scope(), name, slot);
    let usage = noTokens;
    const stored: Promise<void>[] = [];
    for await (const result of batches.results(slot.batchId!, signal)) {
      if ("error" in result || !result.id.endsWith(mark)) continue;
      usage = addTokens(usage, result.usage);
      stored.push(rememberObject(caches, scope(), result.id.slice(0, -mark.length), result.value));
    }
    await Promise.all(stored);
    if (await slots.close(name)) await ledger.settle(slot.held, callOf(slot, signal), usage);
  }

  /** What is open, with its id; what turns out never to have been made is forgotten. */
  async function ordered(signal: AbortSignal): Promise<Map<string, Waiting>> {
    const open = await slots.open();
    const known = new Set(open.flatMap(({ slot }) => slot.batchId ?? []));
    const waiting = new Map<string, Waiting>();
    for (const { name, slot } of open) {
      const whole = slot.batchId === null ? await recover(name, slot, known, signal) : slot;
      if (whole === null) continue;
      known.add(whole.batchId!);
      waiting.set(name, { slot: whole, done: 0 });
    }
    return waiting;
  }

  /** How far an order is; one that the provider no longer has is forgotten, and its requests are open again. */
  async function progressOf(name: string, slot: BatchSlot, signal: AbortSignal): Promise<BatchProgress> {
    try {
      const progress = await guarded(signal, (inner) => batches.progress(slot.batchId!, inner));
      if (progress.ended) await guarded(signal, (inner) => takeIn(name, slot, inner ?? signal));
      return progress;
    } catch (error) {
      if (!isHybridRAGError(error) || error.details["status"] !== 404) throw error;
      await giveUp(name, slot, signal);
      return { ended: true, done: slot.requests, total: slot.requests };
    }
  }

  async function* waitForAll(signal: AbortSignal): AsyncGenerator<BulkProgress> {
    const waiting = await ordered(signal);
    const all = [...waiting.values()];
    for (let waitMs = firstWaitMs; waiting.size > 0; waitMs = Math.min(longestWaitMs, waitMs * 1.5)) {
      for (const [name, one] of waiting) {
        const { ended, done } = await progressOf(name, one.slot, signal);
        one.done = done;
        if (ended) waiting.delete(name);
      }
      const sum = (of: (one: Waiting) => number): number => all.reduce((total, one) => total + of(one), 0);
      yield { batches: all.length, done: sum(({ done }) => done), total: sum(({ slot }) => slot.requests) };
      if (waiting.size > 0) await clock.sleep(waitMs, signal);
    }
  }

  return {
    priceShare: batches.priceShare,
    begin({ above, signal }: BulkOptions): BulkRun {
      const collected = new Map<string, BatchRequest>();
      let isWorthIt = false;
      const send = async (): Promise<void> => {
        const requests = [...collected.values()];
        collected.clear();
        await order(requests, signal);
      };
      return {
        earlier: () => waitForAll(signal),
        model: {
          ...options.model,
          async generateObject(request) {
            const id = objectKey(options.model, request);
            const known = await knownObject(caches, scope(), id);
            if (known !== null) return { value: known.value, usage: noTokens };
            const { signal: _signal, name: _name, ...content } = request;
            collected.set(id, { ...content, id });
            isWorthIt ||= collected.size > above;
            if (isWorthIt && collected.size >= requestsPerBatch) await send();
            return { value: null, usage: noTokens };
          },
        },
        async *finish() {
          if (!isWorthIt) return;
          if (collected.size > 0) await send();
          yield* waitForAll(signal);
        },
      };
    },
  };
}

/** What tells the requests of one order from those of all others, behind their keys. */
const markOf = (scope: Scope, name: string, { at }: BatchSlot): string =>
  `-${createHash("sha256")
    .update(JSON.stringify([scope.tenant, name, at]))
    .digest("base64url")
    .slice(0, 16)}`;
