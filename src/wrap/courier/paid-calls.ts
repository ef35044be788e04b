import { z } from "zod";
import type { Embedder } from "../../ports/embedder.ts";
import type { LanguageModel, TokenUsage } from "../../ports/language-model.ts";
import { noTokens } from "../../ports/token-usage.ts";
import type { Warning } from "../../records.ts";
import { ownerScope, type Scope } from "../../scope.ts";
import type { BudgetLedger, OpenCall } from "../budget.ts";
import type { ObjectRequest } from "../cache-model.ts";
import type { Clock } from "../clock.ts";
import { courier, type CourierOptions } from "./courier.ts";
import type { Errand, Outcome } from "./errand.ts";
import { takeInLateAnswers } from "./late-answers.ts";

export interface PaidCallsOptions extends Pick<CourierOptions, "folder" | "fetch" | "environment"> {
  readonly scope: () => Scope;
  /** Runs work for a tenant, as its calls are run. */
  readonly within: <T>(scope: Scope, work: () => T) => T;
  /** Whether the call that is being made belongs to work that would be done again after a kill. */
  readonly isWanted: () => boolean;
  readonly ledger: () => BudgetLedger;
  readonly clock: Clock;
  /** Told once, in a sentence, if no process can be started. */
  readonly onMissing?: (reason: string) => void;
}

/**
 * Calls of an ingest that outlive this process: made by a courier, answered into the caches by whoever is there when
 * the answer comes.
 */
export interface PaidCalls {
  /** For adapters. */
  readonly fetch: typeof globalThis.fetch;
  /** @param kept an adapter that calls `fetch` and stores what it gives. */
  embedder(kept: Embedder): Embedder;
  /** As `embedder`; structured results only. */
  model(kept: LanguageModel): LanguageModel;
  /** To be read before anything is asked: waits for what earlier processes have under way, and takes it in. */
  earlier(signal?: AbortSignal): AsyncIterable<Warning>;
  /** What is to be known about calls made so far. */
  notices(): readonly Warning[];
  close(): Promise<void>;
}

/** Does again what an errand was for, and stores its result. */
type Reader = (asked: unknown) => Promise<TokenUsage>;

export function paidCalls(options: PaidCallsOptions): PaidCalls {
  const { scope, within, isWanted, ledger, clock } = options;
  const readers = new Map<string, Reader>();
  const notices: Warning[] = [];
  const trips = courier({
    ...options,
    onLate: keep,
    onMissing: (reason) => {
      options.onMissing?.(reason);
      notices.push(missing(reason));
    },
  });

  async function keep({ errand, answer }: Outcome): Promise<(() => Promise<void>) | null> {
    const read = readers.get(errand.by);
    if (read === undefined && answer !== null) return null;
    const own = ownerScope(errand.tenant);
    const usage =
      answer === null
        ? null
        : await within(own, () => trips.replay(answer, () => read!(errand.asked))).catch(() => null);
    return async () => {
      const { booked } = errand;
      if (booked !== null)
        await within(own, () => ledger().settle(booked.held, { ...booked.call, signal: undefined }, usage));
    };
  }

  function run<T>(by: string, asked: unknown, work: () => Promise<T>): Promise<T> {
    const open = ledger().current();
    const errand: Errand = { by, tenant: scope().tenant, at: clock.now(), asked, booked: open && bookedOf(open) };
    return trips.run(errand, work, () => open?.leave());
  }

  return {
    fetch: trips.fetch,
    embedder(kept) {
      const by = `embed ${kept.fingerprint}`;
      readers.set(by, async (asked) => {
        const { texts, together } = askedTexts.parse(asked);
        const { tokens } = await kept.embed(texts, { kind: "document", together });
        return { ...noTokens, inputTokens: tokens };
      });
      return {
        ...kept,
        embed: (texts, request) =>
          request.kind === "document" && isWanted()
            ? run(by, { texts, together: request.together }, () => kept.embed(texts, request))
            : kept.embed(texts, request),
      };
    },
    model(kept) {
      const by = `object ${kept.provider}/${kept.model}`;
      readers.set(by, async (asked) => (await kept.generateObject(asked as ObjectRequest)).usage);
      return {
        ...kept,
        generateObject: ({ signal, ...asked }) =>
          isWanted()
            ? run(by, asked, () => kept.generateObject({ ...asked, signal }))
            : kept.generateObject({ ...asked, signal }),
      };
    },
    earlier: (signal) => takeInLateAnswers({ folder: options.folder, clock, keep, signal }),
    notices: () => notices,
    close: trips.close,
  };
}

const askedTexts = z.object({ texts: z.array(z.string()), together: z.boolean().optional() });

const bookedOf = ({ held, call: { signal: _signal, ...call } }: OpenCall) => ({ held, call });

const missing = (reason: string): Warning => ({
  code: "courier_missing",
  message:
    `No process of its own could be started for paid calls (${reason}), so this one makes them: should it be killed, ` +
    "the calls under way are paid for again.",
});
