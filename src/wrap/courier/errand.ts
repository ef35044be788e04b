import { z } from "zod";

/** What a call was made for. Plain data, because another process may have to make something of its answer. */
const errand = z.object({
  /** Whose embedder or model asks, such as "embed voyage/voyage-4-large@1024". */
  by: z.string(),
  tenant: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  /** What its port was given. */
  asked: z.unknown(),
  /** What the ledger set aside for it; null: no ledger stands around it. */
  booked: z
    .object({
      held: z.object({
        amount: z.number(),
        accounts: z.array(z.object({ key: z.string(), ttlMs: z.number() })).readonly(),
      }),
      call: z.object({
        provider: z.string(),
        model: z.string(),
        operation: z.enum(["embed", "rerank", "generate"]),
        inputTokens: z.number(),
        maxOutputTokens: z.number(),
        urgent: z.boolean(),
      }),
    })
    .nullable(),
});
export type Errand = z.infer<typeof errand>;

/** What a provider answered, whole. */
const answer = z.object({
  status: z.int(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
});
export type Answer = z.infer<typeof answer>;

/** How a call ended. */
const outcome = z.object({
  id: z.int(),
  errand,
  /** Null: nothing was paid for. */
  answer: answer.nullable(),
});
export type Outcome = z.infer<typeof outcome>;

const line = z.union([outcome, z.object({ settled: z.int() })]);

/** The outcomes in a courier's file that nobody has taken in. The last line of one that was killed may be half written. */
export function readOutcomes(text: string): readonly Outcome[] {
  const open = new Map<number, Outcome>();
  for (const one of text.split("\n").flatMap(readLine)) {
    if ("settled" in one) open.delete(one.settled);
    else open.set(one.id, one);
  }
  return [...open.values()];
}

function readLine(text: string): z.infer<typeof line>[] {
  try {
    return [line.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
