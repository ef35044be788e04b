import type { Candidate, ChunkSearch, ChunkSearchResult, NativeScore } from "../../ports/chunk-store.ts";
import type { Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { allowedChunks } from "./allowed.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { chunkOf, cosineTo, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import { readChosen, type Asking } from "./chosen-rows.ts";
import type { Context } from "./context.ts";
import { askWords, type AskedWords, type QueryWords } from "./query-words.ts";
import { findNatively, rankAsListed, requireNative } from "./native-fusion.ts";
import {
  findByVector,
  findByWords,
  holdsAll,
  rankByVector,
  rankByWords,
  type Asked,
  type Found,
  type RankedRow,
  type Ranking,
} from "./search-legs.ts";
import { behind } from "./settle.ts";

/** Both legs at once, each over what scope and filter allow; the filter is inside the search. */
export async function searchChunks(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  signal: AbortSignal | undefined,
): Promise<ChunkSearchResult> {
  if (request.vector) checkVector(request.vector, context.identity?.dimensions ?? null, "/vector");
  if (request.vector || request.text) await context.profile.requireReady();
  if (request.native) await requireNative(context, request.native);
  return context.searches.take(signal, () => search(context, scope, request, signal));
}

/** How often a search that met a change of version is repeated. */
const attempts = 12;

/** Searches, and searches again when a document changed its version in between: versions are never mixed. */
async function search(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  signal: AbortSignal | undefined,
): Promise<ChunkSearchResult> {
  const asking = request.text && askWords(context, scope.tenant, request.text, signal);
  const [allowed, missing] = await Promise.all([
    allowedChunks(context, scope, request.filter, signal),
    behind(context, scope.tenant),
  ]);
  const asked = { context, scope, request, allowed, signal };
  for (let attempt = 1; ; attempt++) {
    const { scores, ...legs } = await find(asked, asking);
    failIfAllFailed(legs);
    const words = asking && (await asking.counted);
    const answered = (seen: Legs, bodies: ReadonlyMap<string, ChunkRow>): ChunkSearchResult => ({
      ...resultOf(asked, words, seen, bodies, scores),
      ...(missing === 0 ? {} : { behind: missing }),
      ...(context.profile.stale.length === 0 ? {} : { warnings: context.profile.stale.map(staleWarning) }),
    });
    const { batches, bodies } = await readChosen(context, scope, askingFor(request, legs), signal);
    const isCurrent = (row: RankedRow): boolean => batches.get(row.document_id) === row.batch;
    const isWhole = rowsOf(legs).every(isCurrent) && bodies.size === chosenOf(legs).size;
    if (isWhole) return answered(legs, bodies);
    if (attempt < attempts) continue;
    const seen = rankCurrent(asked, words, legs, isCurrent);
    return answered(seen, (await readChosen(context, scope, askingFor(request, seen), signal)).bodies);
  }
}

const staleWarning = (index: string): Warning => ({
  code: "search_stale",
  message:
    `The search index ${index} no longer follows the writes, so what is new is not found; ` +
    "run hybridrag indexes status.",
});

type Fused = ReadonlyMap<string, NativeScore>;

interface Leg {
  readonly found: Found;
  readonly ranking: Ranking;
}

interface Legs {
  readonly vector: Leg | null;
  readonly text: Leg | null;
}

/** Both legs at once, each by a command of its own or both by one that fuses them. */
async function find(asked: Asked, asking: AskedWords | null): Promise<Legs & { readonly scores?: Fused }> {
  const { vector, native } = asked.request;
  if (native && vector && asking) {
    const words = await asking.counted;
    const found = await findNatively(asked, words, native);
    return {
      vector: rankVectors(asked, found.vector),
      text: rankWords(asked, words, found.text),
      scores: found.scores,
    };
  }
  // What comes first is ranked while the other is under way; there is more to do for words, so they are asked for first.
  const [byWords, byVector] = await Promise.all([
    asking ? findByWords(asked, asking).then(async (found) => rankWords(asked, await asking.counted, found)) : null,
    vector ? findByVector(asked).then((found) => rankVectors(asked, found)) : null,
  ]);
  return { vector: byVector, text: byWords };
}

const rankVectors = ({ request, allowed }: Asked, found: Found): Leg => ({
  found,
  ranking: rankByVector(request, allowed, found),
});

function rankWords({ context, request, allowed }: Asked, words: QueryWords, found: Found): Leg {
  if (!request.native || !request.vector) {
    return { found, ranking: rankByWords(context, request, allowed, words, found) };
  }
  const isShown = (row: RankedRow): boolean => allowed.admits(row) && holdsAll(context, row, words);
  return { found, ranking: rankAsListed(found, words, isShown) };
}

/** What is left where some rows are of a version that is no more. */
function rankCurrent(
  asked: Asked,
  words: QueryWords | null,
  { vector, text }: Legs,
  isCurrent: (row: RankedRow) => boolean,
): Legs {
  const current = ({ found }: Leg): Found => ({ ...found, rows: found.rows.filter(isCurrent) });
  return {
    vector: vector && rankVectors(asked, current(vector)),
    text: text && words && rankWords(asked, words, current(text)),
  };
}

function failIfAllFailed({ vector, text }: Legs): void {
  const asked = [vector, text].flatMap((leg) => (leg === null ? [] : [leg.found]));
  const [first] = asked;
  if (first?.error && asked.every((found) => found.error !== null)) throw first.error;
}

const rowsOf = ({ vector, text }: Legs): readonly RankedRow[] => [
  ...(vector?.found.rows ?? []),
  ...(text?.found.rows ?? []),
];

/** The union of both legs' hits, by `_id`. */
const chosenOf = ({ vector, text }: Legs): ReadonlyMap<string, RankedRow> =>
  new Map([...(vector?.ranking.hits ?? []), ...(text?.ranking.hits ?? [])].map(({ row }) => [row._id, row]));

/** With both legs asked, the cosine of what only the words found is computed from its vector. */
function askingFor(request: ChunkSearch, legs: Legs): Asking {
  const known = new Set(legs.vector?.ranking.hits.map(({ row }) => row._id));
  const needsVector = (id: string): boolean =>
    request.withVectors === true || (request.vector !== null && request.text !== null && !known.has(id));
  const chosen = [...chosenOf(legs).keys()];
  return {
    documents: new Set(rowsOf(legs).map((row) => row.document_id)),
    plain: chosen.filter((id) => !needsVector(id)),
    withVector: chosen.filter(needsVector),
  };
}

function resultOf(
  asked: Asked,
  words: QueryWords | null,
  legs: Legs,
  bodies: ReadonlyMap<string, ChunkRow>,
  scores: Fused | undefined,
): ChunkSearchResult {
  const { vector, text } = legs;
  const reportOf = ({ found, ranking }: Leg) => ({
    milliseconds: found.milliseconds,
    moments: found.error ? null : ranking.moments,
    error: found.error,
  });
  return {
    candidates: candidatesOf(asked, words, legs, bodies, scores),
    vector: vector && reportOf(vector),
    text: text && {
      ...reportOf(text),
      matched: text.ranking.matched,
      terms: words!.report,
      corpusSize: words!.weights.corpus.chunks,
      repairs: words!.repairs,
    },
    allowed: asked.allowed.count,
  };
}

function candidatesOf(
  { context, request }: Asked,
  words: QueryWords | null,
  legs: Legs,
  bodies: ReadonlyMap<string, ChunkRow>,
  scores: Fused | undefined,
): readonly Candidate[] {
  const vectorRanks = ranksOf(legs.vector);
  const textRanks = ranksOf(legs.text);
  const scoreOf = legs.text?.found.error ? undefined : words?.scoreOf;
  const cosineOf = request.vector && cosineTo(request.vector);
  return [...chosenOf(legs).values()].flatMap((row): readonly Candidate[] => {
    const whole = bodies.get(row._id);
    if (whole === undefined) return [];
    const inVector = vectorRanks.get(row._id);
    const inText = textRanks.get(row._id);
    const stored = vectorOf(whole, context.generation);
    const native = scores?.get(row._id);
    return [
      {
        chunk: chunkOf(whole),
        cosine: inVector?.score ?? (stored && cosineOf && cosineOf(stored)),
        bm25: inText?.score ?? scoreOf?.(row) ?? null,
        vectorRank: inVector?.rank ?? null,
        textRank: inText?.rank ?? null,
        ...(stored && request.withVectors ? { vector: stored } : {}),
        ...(native === undefined ? {} : { native }),
      },
    ];
  });
}

const ranksOf = (leg: Leg | null): ReadonlyMap<string, { readonly score: number; readonly rank: number }> =>
  new Map(leg?.ranking.hits.map(({ row, score }, index) => [row._id, { score, rank: index + 1 }]));
