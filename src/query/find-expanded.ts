import { messageOf } from "../errors.ts";
import type { LanguageModel, TokenUsage } from "../ports/language-model.ts";
import type { Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import { expandQuery, type Expansion } from "./expand.ts";
import { type Findings, findHits } from "./find-hits.ts";
import type { FusedHit } from "./fusion.ts";
import type { QuerySettings } from "./plan.ts";
import type { QueryPorts } from "./query-ports.ts";
import type { QueryRequest } from "./query-request.ts";
import { noTokens } from "../ports/token-usage.ts";

export interface ExpandedFindings extends Findings {
  /** What was searched for beside the question. */
  readonly searches: readonly string[];
  readonly expansionUsage: TokenUsage;
}

/**
 * Searches for the question and for what a model made of it, all at once, and joins the rankings by reciprocal ranks
 * with the question's own before all others. Scores of legs and the judgement of evidence stay those of the question.
 * A model or a further search that fails is a warning.
 */
export async function findExpanded(
  ports: QueryPorts,
  scope: Scope,
  request: QueryRequest,
  settings: QuerySettings,
  expanding: { readonly model: LanguageModel | null; readonly expansion: Expansion | null },
  signal?: AbortSignal,
): Promise<ExpandedFindings> {
  const { model, expansion } = expanding;
  if (model === null || expansion === null) {
    const findings = await findHits(ports, scope, request, settings, signal);
    return { ...findings, searches: [], expansionUsage: noTokens };
  }
  const own = findHits(ports, scope, request, settings, signal);
  // Whoever fails first must not leave the other unanswered.
  own.catch(() => {});
  const { queries, usage, warnings } = await searchesOf(model, request.query, expansion, signal);
  // An imagined passage has no words that a person chose, so only its vector is searched for.
  const mode = expansion === "hyde" ? ("vector" as const) : request.mode;
  // Communities are those of the question: for what stands beside it no model summarises any.
  const { communitySummary: _, ...plain } = ports;
  const further = await Promise.allSettled(
    queries.map((query) => findHits(plain, scope, { ...request, query, mode }, settings, signal)),
  );
  const findings = await own;
  const found = further.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
  const failed = further.length - found.length;
  return {
    ...findings,
    hits: joined([findings.hits, ...found.map(({ hits }) => hits)], findings.plan.top_k),
    searches: queries,
    expansionUsage: usage,
    usage: {
      embedding_tokens: sum([findings, ...found], ({ usage: spent }) => spent.embedding_tokens),
      rerank_tokens: sum([findings, ...found], ({ usage: spent }) => spent.rerank_tokens),
    },
    warnings: [...findings.warnings, ...warnings, ...(failed > 0 ? [incomplete(failed)] : [])],
  };
}

async function searchesOf(model: LanguageModel, question: string, expansion: Expansion, signal?: AbortSignal) {
  try {
    return { ...(await expandQuery(model, question, expansion, signal)), warnings: [] };
  } catch (error) {
    if (signal?.aborted) throw error;
    const message = `The question could not be expanded, so only its own words were searched for: ${messageOf(error)}`;
    const warnings: readonly Warning[] = [{ code: "expansion_unavailable", message }];
    return { queries: [], usage: noTokens, warnings };
  }
}

/** The question's own ranking counts this many times all others together: with less, every measured split lost more. */
const ownWeight = 3;

/** Weighted reciprocal rank fusion (Cormack et al., 2009), constant 60; one list stays as it is. */
function joined(lists: readonly (readonly FusedHit[])[], limit: number): readonly FusedHit[] {
  const [first = []] = lists;
  if (lists.length < 2) return first;
  const scores = new Map<string, { readonly hit: FusedHit; score: number }>();
  for (const [at, list] of lists.entries()) {
    const weight = at === 0 ? ownWeight * (lists.length - 1) : 1;
    for (const [rank, hit] of list.entries()) {
      const id = hit.candidate.chunk.chunk_id;
      const entry = scores.get(id) ?? { hit, score: 0 };
      entry.score += weight / (60 + rank + 1);
      scores.set(id, entry);
    }
  }
  return [...scores.values()]
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ hit, score }) => ({ ...hit, score }));
}

const sum = (list: readonly Findings[], of: (findings: Findings) => number): number =>
  list.reduce((total, findings) => total + of(findings), 0);

const incomplete = (failed: number): Warning => ({
  code: "expansion_incomplete",
  message: `${failed} of the further searches failed; the others and the question's own are shown.`,
});
