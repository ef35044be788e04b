import { mean, percentile } from "../../evaluate/measures.ts";
import type { Restriction, SearchKind } from "./candidate.ts";
import { candidateKinds } from "./candidates.ts";
import type { OpenReply } from "./messages.ts";
import type { RunningCandidate } from "./run-candidate.ts";

export interface Row {
  readonly kind: SearchKind;
  readonly restriction: Restriction;
  readonly candidate: string;
  readonly queries: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Of all threads, a query: what other programs on the machine change least. */
  readonly cpu_ms: number;
  /** Share of ours in this row, both by median: above 1 ours is quicker. Null for ours. */
  readonly ratio: number | null;
  /** Share of the ten nearest that were found, for vectors. */
  readonly recall: number | null;
}

export interface Served extends OpenReply {
  readonly candidate: string;
  readonly rss_mb: number;
}

const kinds: readonly (readonly [SearchKind, Restriction])[] = [
  ["hybrid", "all"],
  ["mix", "all"],
  ["hybrid", "group"],
  ["hybrid", "recent"],
  ["vector", "all"],
  ["vector", "group"],
  ["vector", "recent"],
  ["text", "all"],
  ["text", "group"],
  ["text", "recent"],
];

const blockSize = 10;
const warmUp = 10;

/** The ten nearest passages of a question, among those that a restriction allows. */
export type Nearest = (question: number, restriction: Restriction) => readonly string[] | null;

/** One client; blocks of ten questions rotate between the candidates, so that all meet the same weather. */
export async function compare(
  running: readonly RunningCandidate[],
  options: { readonly queries: number; readonly nearest: Nearest; readonly note: (text: string) => void },
): Promise<{ readonly rows: readonly Row[]; readonly served: readonly Served[] }> {
  const rows: Row[] = [];
  const memory = new Map<string, number>();
  for (const [kind, restriction] of kinds) {
    options.note(`  ${kind} ${restriction}`);
    const able = running.filter(({ name }) => !kindOf(name).lacks(kind, restriction));
    const taken = new Map(able.map(({ name }) => [name, emptyBlock()]));
    for (const { block } of able) await block(kind, restriction, 2_000_000, warmUp);
    for (let from = 0; from < options.queries; from += blockSize)
      for (const { name, block } of able) {
        if (from >= (kindOf(name).questions ?? Infinity)) continue;
        const reply = await block(kind, restriction, from, blockSize);
        const sums = taken.get(name)!;
        sums.milliseconds.push(...reply.milliseconds);
        sums.cpu.push(reply.cpu_ms);
        if (kind === "vector") sums.recall.push(...recalls(reply.ids, from, restriction, options.nearest));
        memory.set(name, Math.max(memory.get(name) ?? 0, reply.rss_mb));
      }
    rows.push(...rowsOf(kind, restriction, taken));
  }
  const served = running.map(({ name, opened }) => ({ candidate: name, ...opened, rss_mb: memory.get(name)! }));
  return { rows, served };
}

const kindOf = (wanted: string) => candidateKinds.find(({ name }) => name === wanted)!;

interface Taken {
  readonly milliseconds: number[];
  readonly cpu: number[];
  readonly recall: number[];
}

const emptyBlock = (): Taken => ({ milliseconds: [], cpu: [], recall: [] });

function recalls(
  ids: readonly (readonly string[])[],
  from: number,
  restriction: Restriction,
  nearest: Nearest,
): readonly number[] {
  return ids.flatMap((found, index) => {
    const right = nearest(from + index, restriction);
    return right === null ? [] : [right.filter((id) => found.includes(id)).length / Math.max(1, right.length)];
  });
}

function rowsOf(kind: SearchKind, restriction: Restriction, taken: ReadonlyMap<string, Taken>): readonly Row[] {
  const ours = taken.get("hybridrag");
  const base = ours === undefined ? null : percentile(0.5, ours.milliseconds);
  return [...taken].map(([candidate, { milliseconds, cpu, recall }]) => {
    const p50_ms = percentile(0.5, milliseconds);
    return {
      kind,
      restriction,
      candidate,
      queries: milliseconds.length,
      p50_ms,
      p99_ms: percentile(0.99, milliseconds),
      cpu_ms: mean(cpu),
      ratio: base === null || candidate.startsWith("hybridrag") ? null : p50_ms / base,
      recall: recall.length === 0 ? null : mean(recall),
    };
  });
}
