import { setTimeout } from "node:timers/promises";
import type { CallOptions } from "../../ports/store.ts";
import type { Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { readOn, unread, type ReadConversation, type ReadingParts } from "./read-conversation.ts";
import { embeddedOrWarned, wordsOnly } from "./words-only.ts";

export interface ReadyConversation {
  readonly known: ReadConversation;
  readonly warnings: readonly Warning[];
}

/** The conversations that were asked last, read and indexed. Whoever asks has been found to be allowed to. */
export interface ReadyConversations {
  /** Up to date, or as far as it is when patience ends: what has no vector yet is found by its words. */
  soonReady(scope: Scope, sessionId: string, options?: CallOptions): Promise<ReadyConversation>;
  /** When it resolves, all that was written before the call has its vector. */
  prepare(scope: Scope, sessionId: string, options?: CallOptions): Promise<void>;
  forget(scope: Scope, sessionId: string): void;
}

/** Turns of conversations that stay ready; those that were not asked for longest make way. */
const mostTurns = 50_000;

interface Entry {
  known: ReadConversation;
  warnings: readonly Warning[];
  /** Resolves when whoever is before has done. */
  turn: Promise<void>;
}

export function readyConversations(parts: ReadingParts, patienceMs: number): ReadyConversations {
  const ready = new Map<string, Entry>();
  /** Those that will be prepared anyway, with all that is written until they begin. */
  const waiting = new Map<string, Promise<void>>();

  /** Brings a conversation up to date; one caller after the other, each with its own signal. */
  const upToDate = (scope: Scope, sessionId: string, options?: CallOptions): Promise<ReadyConversation> => {
    const key = keyOf(scope, sessionId);
    const entry = ready.get(key) ?? { known: unread(), warnings: [], turn: Promise.resolve() };
    ready.delete(key);
    ready.set(key, entry);
    const work = entry.turn.then(async () => {
      if (!(await readOn(parts, scope, sessionId, entry.known, options))) {
        entry.known = unread();
        await readOn(parts, scope, sessionId, entry.known, options);
      }
      entry.warnings = await embeddedOrWarned(parts, scope, sessionId, entry.known, options);
      makeRoom(ready, entry);
      return entry;
    });
    entry.turn = work.then(
      () => undefined,
      () => undefined,
    );
    return work;
  };

  /** When whoever is at it has done, with all that was written until then. */
  const prepareNext = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<void> => {
    const key = keyOf(scope, sessionId);
    await ready.get(key)?.turn;
    waiting.delete(key);
    await upToDate(scope, sessionId, options);
  };

  return {
    soonReady: async (scope, sessionId, options) => {
      const done = new AbortController();
      const patience = setTimeout(patienceMs, null, { signal: done.signal, ref: false }).catch(() => null);
      const work = upToDate(scope, sessionId, options);
      try {
        const entry = await Promise.race([work, patience]);
        if (entry !== null) return entry;
      } finally {
        done.abort();
      }
      const { known } = ready.get(keyOf(scope, sessionId)) ?? (await work);
      const missing = known.messages.length - known.embedded;
      return { known, warnings: [wordsOnly(`${missing} are not embedded yet; ask again shortly.`)] };
    },
    prepare: async (scope, sessionId, options) => {
      const key = keyOf(scope, sessionId);
      // Whoever is to begin does it for all who ask until then, unless it is cancelled.
      if (await waiting.get(key)?.then(yes, no)) return;
      const work = prepareNext(scope, sessionId, options);
      waiting.set(key, work);
      await work;
    },
    forget: (scope, sessionId) => void ready.delete(keyOf(scope, sessionId)),
  };
}

const yes = (): boolean => true;
const no = (): boolean => false;

const keyOf = ({ tenant }: Scope, sessionId: string): string => JSON.stringify([tenant, sessionId]);

/** An empty conversation takes room as well. */
const roomOf = ({ known }: Entry): number => 1 + known.messages.length;

function makeRoom(ready: Map<string, Entry>, current: Entry): void {
  let turns = [...ready.values()].reduce((sum, entry) => sum + roomOf(entry), 0);
  for (const [key, entry] of ready) {
    if (turns <= mostTurns) return;
    if (entry === current) continue;
    turns -= roomOf(entry);
    ready.delete(key);
  }
}
