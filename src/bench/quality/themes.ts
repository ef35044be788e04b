import { orderedNames } from "../../graph/ordered-names.ts";
import { passageGroups } from "../../graph/passage-groups.ts";
import { findHits } from "../../query/find-hits.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Chunk } from "../../records.ts";
import { textAt } from "../../text/text-list.ts";
import type { Figures } from "../floors.ts";
import type { Indexed } from "./indexed.ts";
import { comparePartitions } from "./partition.ts";

const question = "What are the main themes in these documents?";
const shown = 10;
const rowsPerRead = 1000;

/** What a passage belongs to by its document, where a collection says: a company, a conversation, a question, a package. */
const labels: Readonly<Record<string, (chunk: Chunk) => string>> = {
  "filing-families": ({ document_id }) => document_id.split("#", 1)[0]!.split(" ").at(-1)!,
  "financebench-mini": ({ document_id }) => document_id.split("#", 1)[0]!,
  locomo: ({ document_id }) => document_id.split("/", 1)[0]!,
  "beam-100k": ({ document_id }) => document_id.split("/", 1)[0]!,
  stackfaq: ({ document_id }) => document_id.split("-", 1)[0]!,
  "package-docs": ({ source }) => source.split("/", 1)[0]!,
};

/**
 * Whether the communities of a collection group what belongs together, against groups of the same sizes by chance; and
 * how many of the labels the ten passages show that a question to the whole collection gets, of as many as ten can show.
 */
export async function measureThemes(name: string, indexed: Indexed): Promise<Figures> {
  const labelOf = labels[name];
  if (!labelOf) return {};
  const grouped = await groupedPassages(indexed, labelOf);
  const { nmi, adjustedRand, purity } = comparePartitions(grouped.groups, grouped.labels);
  const chance = comparePartitions(grouped.groups, shuffled(grouped.labels));
  const most = Math.min(shown, new Set(grouped.labels).size);
  const covered = async (mode: Mode) => (await labelsShown(indexed, mode, labelOf)) / most;
  const [inGlobal, inHybrid] = [await covered("global"), await covered("hybrid")];
  return {
    "communities/placed": grouped.placed,
    "communities/nmi": nmi,
    "communities/adjusted rand": adjustedRand,
    "communities/purity": purity,
    "communities/purity over chance": purity - chance.purity,
    "global/labels in ten": inGlobal,
    "global/labels in ten over hybrid": inGlobal - inHybrid,
  };
}

async function groupedPassages({ ports: { store }, scope }: Indexed, labelOf: (chunk: Chunk) => string) {
  const names = orderedNames((await store.graph.passageNames(scope, { filter: null, limit: 100_000, known: null }))!);
  const groupOf = new Map(passageGroups(names).flatMap(({ rows }, group) => Array.from(rows, (row) => [row, group])));
  const groups: number[] = [];
  const found: string[] = [];
  const rows = [...groupOf.keys()].toSorted((a, b) => a - b);
  for (let from = 0; from < rows.length; from += rowsPerRead) {
    const some = rows.slice(from, from + rowsPerRead);
    const chunks = await store.chunks.get(
      scope,
      some.map((row) => textAt(names.passages, row)),
    );
    groups.push(...some.map((row) => groupOf.get(row)!));
    found.push(...chunks.map(labelOf));
  }
  return { groups, labels: found, placed: rows.length / names.documents.length };
}

async function labelsShown({ ports, scope, settings }: Indexed, mode: Mode, labelOf: (chunk: Chunk) => string) {
  const request = { query: question, mode, filter: null, top_k: shown, session_id: null, explain: false };
  const { hits } = await findHits(ports, scope, request, settings);
  return new Set(hits.map((hit) => labelOf(hit.candidate.chunk))).size;
}

/** The same order in every run. */
function shuffled<T>(values: readonly T[]): readonly T[] {
  const result = [...values];
  let seed = 1;
  for (let at = result.length - 1; at > 0; at--) {
    seed = (seed * 48_271) % 2_147_483_647;
    const other = seed % (at + 1);
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
