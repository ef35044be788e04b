import { z } from "zod";
import type { CacheStore } from "../ports/cache-store.ts";
import { ownerScope } from "../scope.ts";
import { journalFile } from "./journal-file.ts";

export interface JournalOptions {
  readonly folder: string;
  /** Unique among those who write into the folder, of letters, digits and hyphens. */
  readonly writer: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const entry = z.object({
  tenant: z.string(),
  space: z.string(),
  key: z.string(),
  value: z.unknown(),
  /** Epoch milliseconds; null: for ever. */
  until: z.number().nullable(),
});
type Entry = z.infer<typeof entry>;

/**
 * Caches whose values outlive this process from the instant in which `set` is called, before its promise is even
 * returned: each is appended to a file by a synchronous write, and removed from it when the store has committed it.
 * What a process that died left behind is found by the next one, which hands it to the store. Against a loss of power
 * only the store's own commit holds.
 */
export function journalled(caches: CacheStore, { folder, writer, now }: JournalOptions): CacheStore {
  /** What the store does not hold yet. */
  const open = new Map<string, Entry>();
  const file = journalFile(folder, writer);
  let isAdopted = false;
  let commits = 0;

  async function commit(one: Entry): Promise<void> {
    const ttlMs = one.until === null ? null : one.until - now();
    commits++;
    try {
      if (ttlMs === null || ttlMs > 0) await caches.set(ownerScope(one.tenant), one.space, one.key, one.value, ttlMs);
      const name = nameOf(one);
      if (open.get(name) === one) open.delete(name);
    } finally {
      commits--;
    }
  }

  /** Once nothing is under way, the file holds what the store refused and nothing else. */
  function tidy(): void {
    if (commits > 0) return;
    file.clear();
    for (const one of open.values()) file.append(JSON.stringify(one));
  }

  function adopt(): void {
    if (isAdopted) return;
    isAdopted = true;
    for (const { lines, remove } of file.others(now())) {
      const entries = lines.flatMap(readLine);
      for (const one of entries) open.set(nameOf(one), one);
      void Promise.all(entries.map(commit)).then(remove, () => undefined);
    }
  }

  return {
    ...caches,
    async get(scope, space, key, call) {
      adopt();
      const one = open.get(nameOf({ tenant: scope.tenant, space, key }));
      if (one !== undefined && (one.until === null || one.until > now())) return one.value;
      return caches.get(scope, space, key, call);
    },
    async set(scope, space, key, value, ttlMs) {
      adopt();
      const one: Entry = { tenant: scope.tenant, space, key, value, until: ttlMs === null ? null : now() + ttlMs };
      open.set(nameOf(one), one);
      file.append(JSON.stringify(one));
      await commit(one).finally(tidy);
    },
  };
}

const nameOf = ({ tenant, space, key }: Pick<Entry, "tenant" | "space" | "key">): string =>
  JSON.stringify([tenant, space, key]);

/** The last line of a process that died may be half written. */
function readLine(line: string): Entry[] {
  try {
    return [entry.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
