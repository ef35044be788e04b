import type { Scope } from "../../scope.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import type { Clause } from "./native-filter.ts";
import { readersFor } from "./stored-metadata.ts";

/** What the words of a tenant are weighed by. */
export interface Corpus {
  readonly chunks: number;
  readonly averageBody: number;
  readonly averageTitle: number;
  /** A declared filter field holds values that its index does not see. */
  readonly isOdd: boolean;
}

interface Kept {
  readonly until: number;
  readonly value: Promise<unknown>;
}

/** Another server's writes show in the counts of words after this many milliseconds; this server's at once. */
const lifetimeMs = 5000;
/** What is dear to compute and moves slowly is believed longer. */
const derivedLifetimeMs = 60_000;
const editsLifetimeMs = 1000;
/** Values of one tenant before its oldest go. */
const maxValues = 20_000;

/** Statistics by tenant, kept until the tenant's next write here. */
export class Statistics {
  private readonly tenants = new Map<string, Map<string, Kept>>();

  forget(tenant: string): void {
    this.tenants.delete(tenant);
  }

  private kept<T>(
    context: Context,
    tenant: string,
    name: string,
    compute: () => Promise<T>,
    lifetime = lifetimeMs,
  ): Promise<T> {
    const values = this.tenants.get(tenant) ?? new Map<string, Kept>();
    this.tenants.set(tenant, values);
    const standing = values.get(name);
    if (standing && standing.until > context.now()) return standing.value as Promise<T>;
    const value = compute();
    values.delete(name);
    values.set(name, { until: context.now() + lifetime, value });
    value.catch(() => values.delete(name));
    const [oldest] = values.keys();
    if (values.size > maxValues && oldest !== undefined) values.delete(oldest);
    return value;
  }

  corpus(context: Context, tenant: string): Promise<Corpus> {
    return this.kept(context, tenant, "corpus", () => readCorpus(context, tenant));
  }

  /** A value of the tenant that is dear to compute. */
  derived<T>(context: Context, scope: Scope, name: string, compute: () => Promise<T>): Promise<T> {
    const who = JSON.stringify([name, readersFor(scope.principals)]);
    return this.kept(context, scope.tenant, who, compute, derivedLifetimeMs);
  }

  /** What the tenant's edits of its graph make of names; another server's show within a second. */
  edits<T>(context: Context, tenant: string, read: () => Promise<T>): Promise<T> {
    return this.kept(context, tenant, "edits", read, editsLifetimeMs);
  }

  /** Chunks that a condition lets through. */
  count(context: Context, tenant: string, match: Clause): Promise<number> {
    return this.kept(context, tenant, `count ${JSON.stringify(match)}`, () =>
      rows(context, collections.chunks).countDocuments(match),
    );
  }

  /** In how many chunks of the tenant each entry of the vocabulary stands; those not yet known in one round trip. */
  async frequencies(
    context: Context,
    tenant: string,
    entries: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    const distinct = [...new Set(entries)];
    const asked: string[] = [];
    const counting = Promise.withResolvers<ReadonlyMap<string, number>>();
    const counts = distinct.map((entry) =>
      this.kept(context, tenant, `entry ${entry}`, () => {
        asked.push(entry);
        return counting.promise.then((counted) => counted.get(entry) ?? 0);
      }),
    );
    countEntries(context, tenant, asked).then(counting.resolve, counting.reject);
    counting.promise.catch(() => undefined);
    const known = await Promise.all(counts);
    signal?.throwIfAborted();
    return new Map(distinct.map((entry, at) => [entry, known[at]!]));
  }
}

async function readCorpus(context: Context, tenant: string): Promise<Corpus> {
  const [sums] = await rows(context, collections.documents)
    .aggregate<{ chunks: number; body: number; title: number; odd: number }>([
      { $match: { tenant_id: tenant } },
      {
        $group: {
          _id: null,
          chunks: { $sum: "$chunks" },
          body: { $sum: "$body_words" },
          title: { $sum: "$title_words" },
          odd: { $sum: "$odd_chunks" },
        },
      },
    ])
    .toArray();
  const { chunks = 0, body = 0, title = 0, odd = 0 } = sums ?? {};
  const average = (total: number): number => (chunks === 0 ? 0 : total / chunks);
  return { chunks, averageBody: average(body), averageTitle: average(title), isOdd: odd > 0 };
}

/** One round trip for all entries, each counted over its own index range. */
async function countEntries(
  context: Context,
  tenant: string,
  entries: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (entries.length === 0) return new Map();
  const counting = (entry: string) => [
    { $match: { "metadata.tenant_id": tenant, vocabulary: entry, live: true } },
    { $count: "count" },
    { $set: { entry: { $literal: entry } } },
  ];
  const [first, ...rest] = entries;
  const pipeline = [
    ...counting(first!),
    ...rest.map((entry) => ({ $unionWith: { coll: collections.chunks, pipeline: counting(entry) } })),
  ];
  const counted = await rows(context, collections.chunks)
    .aggregate<{ entry: string; count: number }>(pipeline)
    .toArray();
  return new Map(counted.map(({ entry, count }) => [entry, count]));
}
