import { AsyncLocalStorage } from "node:async_hooks";
import { HybridRAGError } from "../errors.ts";
import type { TokenUsage } from "../ports/language-model.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { Scope } from "../scope.ts";
import type { Clock } from "./clock.ts";
import type { Guard, ProviderCall } from "./guard.ts";
import { costOf, type Price, priceOf, type PriceTable } from "./prices.ts";

/** US dollars. A ceiling that is not given does not exist. */
export interface Ceilings {
  readonly perRun?: number | undefined;
  /** Of one tenant, by the calendar day in UTC. */
  readonly perDay?: number | undefined;
  /** Of one tenant, for ever. */
  readonly perTenant?: number | undefined;
}

export interface BudgetOptions {
  readonly caches: CacheStore;
  /** Whose money it is, at the moment of a call. */
  readonly scope: () => Scope;
  /** A run that is resumed keeps its id, and so what it has spent. */
  readonly run: string;
  readonly ceilings: Ceilings;
  /** "operator": work for all tenants at once, counted in accounts of its own under the same ceilings. */
  readonly payer?: "tenant" | "operator";
  readonly prices: PriceTable;
  readonly clock: Clock;
}

interface Spent {
  readonly run: number;
  readonly day: number;
  readonly tenant: number;
}

export interface BudgetLedger {
  readonly guard: Guard;
  /**
   * Sets the highest possible cost of a call aside, for work that may outlive this process.
   * @throws HybridRAGError `budget_exceeded`.
   */
  hold(call: ProviderCall): Promise<HeldMoney>;
  /** Books what it cost in place of what was set aside; null: nothing. */
  settle(held: HeldMoney, call: ProviderCall, usage: TokenUsage | null): Promise<void>;
  /** The call that is being made by whoever asks; null outside of any. */
  current(): OpenCall | null;
  /** US dollars booked so far, on all servers; open reservations included. */
  spent(): Promise<Spent>;
  /** Waits for what is being booked behind the answers. */
  booked(): Promise<void>;
}

export interface OpenCall {
  readonly held: HeldMoney;
  readonly call: ProviderCall;
  /** How it ends is learnt later, and settled then. */
  leave(): void;
}

/** Plain data, so that it can be stored. */
export interface HeldMoney {
  /** Billionths of a dollar. */
  readonly amount: number;
  /** Where it is booked. */
  readonly accounts: readonly Booking[];
}

interface Booking {
  readonly key: string;
  readonly ttlMs: number;
}

interface Account extends Booking {
  readonly name: "run" | "day" | "tenant";
  readonly ceiling: number | undefined;
}

const space = "budget";
const day = 86_400_000;
/** Whole billionths of a dollar, so that sums are exact. */
const nano = 1e9;

/**
 * Books every paid call in the store. Before a call its highest possible cost is reserved in each account by an atomic
 * increment; a reservation that passes a ceiling is taken back and the call is refused with `budget_exceeded`, so no
 * ceiling is passed by however many servers. Afterwards the reservation becomes the true cost; a call that failed
 * costs nothing. A process that dies leaves its open reservations booked: the ledger errs on the safe side. Where there
 * is no ceiling, nobody who waits for an answer waits for the books: what it cost is booked behind it.
 */
export function budgetLedger(options: BudgetOptions): BudgetLedger {
  const { caches, scope, clock, prices } = options;
  const calls = new AsyncLocalStorage<OpenCall>();
  const add = (account: Booking, amount: number): Promise<number> =>
    caches.increment(scope(), space, account.key, amount, account.ttlMs);
  const isBounded = Object.values(options.ceilings).some((ceiling) => ceiling !== undefined);
  const behind = new Set<Promise<void>>();

  /** What a call may begin with, at once where nothing could refuse it. */
  const begin = (call: ProviderCall): Promise<HeldMoney> | HeldMoney =>
    isBounded || !call.urgent ? hold(call) : { amount: 0, accounts: bookings(options, call) };

  /** Waits where the next call may depend on it. */
  function end(held: HeldMoney, call: ProviderCall, usage: TokenUsage | null): Promise<void> | undefined {
    const settled = settle(held, call, usage);
    if (isBounded || !call.urgent) return settled;
    behind.add(settled);
    void settled.finally(() => behind.delete(settled));
    return undefined;
  }

  async function hold(call: ProviderCall): Promise<HeldMoney> {
    const price = priceOf(prices, call.provider, call.model);
    if (price === null) return unpriced(options, call);
    const amount = nanosOf(price, call, highestUsage(call));
    const taken = accounts(options);
    const totals = await Promise.all(taken.map((account) => add(account, amount)));
    for (const [index, account] of taken.entries()) {
      const total = totals[index]!;
      if (account.ceiling === undefined || total <= account.ceiling * nano) continue;
      await Promise.all(taken.map((one) => add(one, -amount)));
      throw exceeded(call, account, total - amount, amount);
    }
    return { amount, accounts: bookings(options, call) };
  }

  async function settle(held: HeldMoney, call: ProviderCall, usage: TokenUsage | null): Promise<void> {
    const price = priceOf(prices, call.provider, call.model);
    const actual = price === null || usage === null ? 0 : nanosOf(price, call, usage);
    if (actual === held.amount) return;
    // A ledger that cannot be written must not cost a result that was paid for: the reservation stays booked.
    await Promise.allSettled(held.accounts.map((one) => add(one, actual - held.amount)));
  }

  const guard: Guard = {
    async call(call, run) {
      const held = await begin(call);
      let usage: TokenUsage | null = null;
      let isLeft = false;
      const leave = (): void => void (isLeft = true);
      try {
        const result = await calls.run({ held, call, leave }, () => run(call.signal));
        usage = result.usage;
        return result;
      } finally {
        if (!isLeft) await end(held, call, usage);
      }
    },
    async *stream(call, open) {
      const held = await begin(call);
      let usage: TokenUsage | null = null;
      let written = 0;
      try {
        for await (const part of open(call.signal)) {
          if (part.type === "text-delta") written += part.text.length;
          // Who stops listening has still been sent, and is charged for, what came so far.
          usage = part.type === "finish" ? part.usage : unfinished(call, written);
          yield part;
        }
      } finally {
        await end(held, call, usage);
      }
    },
  };

  return {
    guard,
    hold,
    settle,
    current: () => calls.getStore() ?? null,
    booked,
    async spent() {
      await booked();
      const [run = 0, today = 0, tenant = 0] = await Promise.all(
        accounts(options).map(async ({ key }) => Number((await caches.get(scope(), space, key)) ?? 0) / nano),
      );
      return { run, day: today, tenant };
    },
  };

  async function booked(): Promise<void> {
    await Promise.all(behind);
  }

  function bookings(all: BudgetOptions, { provider, model }: ProviderCall): readonly Booking[] {
    if (priceOf(prices, provider, model) === null) return [];
    return accounts(all).map(({ key, ttlMs }) => ({ key, ttlMs }));
  }

  function accounts({ run, ceilings, payer = "tenant" }: BudgetOptions): readonly Account[] {
    const whose = payer === "operator" ? "operator:" : "";
    const date = new Date(clock.now()).toISOString().slice(0, 10);
    return [
      { name: "run", key: `run:${run}`, ttlMs: 90 * day, ceiling: ceilings.perRun },
      { name: "day", key: `${whose}day:${date}`, ttlMs: 3 * day, ceiling: ceilings.perDay },
      { name: "tenant", key: `${whose}tenant`, ttlMs: 36_500 * day, ceiling: ceilings.perTenant },
    ];
  }
}

/** Room for the error of an estimate and for the dearer first write of a prompt cache. */
const margin = 1.3;

const highestUsage = (call: ProviderCall): TokenUsage => ({
  inputTokens: Math.ceil(margin * call.inputTokens),
  outputTokens: call.maxOutputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
});

const unfinished = (call: ProviderCall, characters: number): TokenUsage => ({
  inputTokens: call.inputTokens,
  outputTokens: Math.min(call.maxOutputTokens, Math.ceil(characters / 3)),
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
});

/** A price that depends on the length of a prompt goes by the requests of an order, not by their sum. */
function nanosOf(price: Price, { priceShare = 1, requests = 1 }: ProviderCall, usage: TokenUsage): number {
  const one: TokenUsage = {
    inputTokens: usage.inputTokens / requests,
    outputTokens: usage.outputTokens / requests,
    cacheReadTokens: usage.cacheReadTokens / requests,
    cacheWriteTokens: usage.cacheWriteTokens / requests,
  };
  return Math.round(priceShare * requests * costOf(price, one) * nano);
}

/** Without a price no ceiling can be kept; without a ceiling none is needed. */
function unpriced({ ceilings }: BudgetOptions, call: ProviderCall): HeldMoney {
  if (Object.values(ceilings).some((ceiling) => ceiling !== undefined))
    throw new HybridRAGError(
      "invalid_config",
      `A budget is set, but no price of ${call.provider}/${call.model} is known: add it to the setting HYBRIDRAG_PRICES.`,
      { details: { provider: call.provider, model: call.model, setting: "HYBRIDRAG_PRICES" } },
    );
  return { amount: 0, accounts: [] };
}

/** Without an exponent, however little it is. */
const dollars = (amount: number): string =>
  amount.toLocaleString("en-US", { maximumFractionDigits: 9, useGrouping: false });

function exceeded(call: ProviderCall, account: Account, spent: number, amount: number): HybridRAGError {
  const ceiling = account.ceiling ?? 0;
  const who = account.key.startsWith("operator:") ? "work for all tenants" : "this tenant";
  const scopeName = account.name === "run" ? "this run" : account.name === "day" ? `today and ${who}` : who;
  return new HybridRAGError(
    "budget_exceeded",
    `The next call of ${call.provider}/${call.model} could cost $${(amount / nano).toFixed(6)} and pass the budget of ` +
      `$${dollars(ceiling)} for ${scopeName}. Nothing was sent; raise the budget and resume.`,
    {
      details: {
        provider: call.provider,
        model: call.model,
        budget: account.name,
        ceiling_usd: ceiling,
        spent_usd: spent / nano,
        next_call_usd: amount / nano,
      },
    },
  );
}
