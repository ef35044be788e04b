import { createHash } from "node:crypto";
import { HybridRAGError } from "../errors.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { Scope } from "../scope.ts";
import type { Reply } from "./route.ts";

const keepMs = 24 * 60 * 60 * 1000;
/** A server that works says so every so often: one that died does not hold a key for long. */
const leaseMs = 20_000;
const beatMs = 5000;

type PlainReply = Extract<Reply, { readonly status: number }>;

interface Stored {
  readonly body_hash: string;
  readonly reply: PlainReply | null;
}

/**
 * Runs the work once for a key (draft-ietf-httpapi-idempotency-key-header): a repetition gets the first answer, the
 * same key with another body is refused with `idempotency_mismatch`, one that is still being worked on with
 * `conflict`. A failure is not kept, so that the call can be tried again.
 */
export async function once(
  caches: CacheStore,
  scope: Scope,
  key: string,
  body: unknown,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const hash = hashOf(body);
  const mark: Stored = { body_hash: hash, reply: null };
  const { claimed, value } = await caches.claim(scope, "idempotency", key, mark, leaseMs);
  if (!claimed) return repeated(value as Stored, hash);
  const lease = holdLease(() => caches.set(scope, "idempotency", key, mark, leaseMs));
  try {
    const reply = await work().finally(lease.end);
    if ("status" in reply) {
      const stored: Stored = { body_hash: hash, reply };
      await caches.set(scope, "idempotency", key, stored, keepMs);
    } else {
      await caches.delete(scope, "idempotency", key);
    }
    return reply;
  } catch (error) {
    await caches.delete(scope, "idempotency", key);
    throw error;
  }
}

/** Renews until it is ended; a renewal that fails is made up for by the next. */
function holdLease(renew: () => Promise<void>): { readonly end: () => Promise<void> } {
  let last: Promise<void> = Promise.resolve();
  const beat = setInterval(() => {
    last = last.then(renew).catch(() => undefined);
  }, beatMs);
  return {
    // What follows is written over the mark, never the other way round.
    end: () => {
      clearInterval(beat);
      return last;
    },
  };
}

/** Of a file its bytes, beside what was said of it. */
function hashOf(body: unknown): string {
  const { bytes, ...rest } = (body ?? {}) as { readonly bytes?: unknown };
  const hash = createHash("sha256");
  if (!(bytes instanceof Uint8Array)) return hash.update(JSON.stringify(body) ?? "").digest("hex");
  return hash.update(JSON.stringify(rest)).update(bytes).digest("hex");
}

function repeated(stored: Stored, hash: string): Reply {
  if (stored.body_hash !== hash) {
    throw new HybridRAGError(
      "idempotency_mismatch",
      "This Idempotency-Key was used with another body; take a new one.",
    );
  }
  if (stored.reply === null) {
    throw new HybridRAGError(
      "conflict",
      "The first request with this Idempotency-Key is still running; try again later.",
    );
  }
  return { ...stored.reply, headers: { ...stored.reply.headers, "idempotency-replayed": "true" } };
}
