import type { Citation, Community, Evidence } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { Analyzer } from "../../text/analyze.ts";
import { verifyQuotes } from "../cite.ts";
import { withDeadline } from "../deadline.ts";
import { findHits, type Findings } from "../find-hits.ts";
import type { QuerySettings } from "../plan.ts";
import type { QueryPorts } from "../query-ports.ts";
import type { QueryRequest } from "../query-request.ts";
import { communitiesOf, toHit } from "../search.ts";
import { type AnswerEvent, noUsage } from "./answer-event.ts";
import { type AnswerConstants, answerPassages } from "./constants.ts";
import { evidenceFeatures, judge, type Judgement } from "./evidence.ts";
import { pickUnits } from "./pick-units.ts";
import { questionTerms } from "./question.ts";
import { quotesOf } from "./quotes.ts";
import { scoredUnits, type ScoredUnit } from "./scored-units.ts";

export interface AnswerPorts extends QueryPorts {
  readonly analyzer: Analyzer;
  readonly constants: AnswerConstants;
}

/**
 * Answers without a model: up to three units of the passages found, word for word, each with a citation that was
 * checked against the stored source. Three levels: an answer; the closest passages, which may not answer; nothing
 * found, said as such.
 */
export async function* extractAnswer(
  ports: AnswerPorts,
  scope: Scope,
  request: QueryRequest,
  settings: QuerySettings,
  signal?: AbortSignal,
): AsyncGenerator<AnswerEvent, void, void> {
  const started = ports.now();
  const wanted = request.top_k ?? settings.top_k;
  const deeper = { ...request, top_k: Math.max(wanted, answerPassages) };
  const findings = await findHits(ports, scope, deeper, settings, signal);
  const searched = ports.now();
  yield {
    type: "sources",
    question: request.query,
    sources: findings.hits.slice(0, wanted).map((hit, i) => toHit(hit, i + 1)),
    ...communitiesOf(findings),
  };
  for (const warning of findings.warnings) yield { type: "warning", warning };

  const left = Math.max(1, settings.query_timeout_ms - (ports.now() - started));
  const evidence = yield* extractiveEvents(ports, scope, findings, { passages: wanted, deadlineMs: left, signal });
  yield {
    type: "end",
    evidence,
    abstained: evidence === "none",
    usage: { ...noUsage, ...findings.usage },
    timings_ms: { ...findings.timings, answer: ports.now() - searched, total: ports.now() - started },
  };
}

/**
 * The text, citations and warnings of an extractive answer, without its beginning and end; returns its level. Also
 * what a model's answer falls back to.
 */
export async function* extractiveEvents(
  ports: AnswerPorts,
  scope: Scope,
  findings: Findings,
  options: { readonly passages: number; readonly deadlineMs: number; readonly signal?: AbortSignal },
): AsyncGenerator<AnswerEvent, Evidence, void> {
  const themes = findings.isOverview ? (findings.communities ?? []).filter(({ quotes }) => quotes.length > 0) : [];
  if (themes.length > 0) return yield* themesWritten(themes);
  const { judgement, units } = extract(ports, findings, options.passages);
  const { citations, warnings } = await withDeadline(options.deadlineMs, options.signal, (ends) =>
    verifyQuotes(ports.store, scope, quotesOf(units), ends),
  );
  for (const warning of warnings) yield { type: "warning", warning };
  const evidence = citations.length === 0 ? "none" : judgement.evidence;
  yield* written(evidence, citations, judgement.features.missing);
  return evidence;
}

/** What the passages found say to the question; pure. */
export function extract(
  { analyzer, constants }: Pick<AnswerPorts, "analyzer" | "constants">,
  findings: Findings,
  passages: number = answerPassages,
): { readonly judgement: Judgement; readonly units: readonly ScoredUnit[] } {
  const question = findings.plan.query;
  const terms = questionTerms(question, findings.found.text, analyzer);
  const judgement = judge(evidenceFeatures(findings, terms, analyzer), constants);
  if (judgement.evidence === "none") return { judgement, units: [] };
  const hits = findings.hits.slice(0, Math.min(passages, answerPassages));
  return { judgement, units: pickUnits(scoredUnits(question, terms, hits, analyzer), question) };
}

const openings: Readonly<Record<Evidence, string>> = {
  answer: "",
  closest: "These are the closest passages; they may not answer the question.",
  none: "No answer was found. Other words may find more.",
};

function* written(
  evidence: Evidence,
  citations: readonly Citation[],
  missing: readonly string[],
): Generator<AnswerEvent, void, void> {
  const names = evidence === "answer" || missing.length === 0 ? "" : mentionNone(missing);
  const opening = [openings[evidence], names].filter((part) => part !== "").join(" ");
  if (opening !== "") yield { type: "text-delta", text: evidence === "none" ? opening : `${opening}\n\n` };
  if (evidence === "none") return;
  for (const [index, citation] of citations.entries()) {
    const text = `${index === 0 ? "" : "\n"}${citation.quote.replaceAll(/\s+/g, " ")} [${citation.marker}]`;
    yield { type: "text-delta", text };
    yield { type: "citation", citation };
  }
}

/** A line for each community: its names and its most central sentence, which was checked already. */
function* themesWritten(themes: readonly Community[]): Generator<AnswerEvent, Evidence, void> {
  for (const [index, { names, passages, quotes }] of themes.entries()) {
    const citation: Citation = { ...quotes[0]!, marker: index + 1 };
    const about = `${names.slice(0, 3).join(", ")} (${passages} ${passages === 1 ? "passage" : "passages"})`;
    const quote = citation.quote.replaceAll(/\s+/g, " ");
    yield { type: "text-delta", text: `${index === 0 ? "" : "\n"}${about}: ${quote} [${citation.marker}]` };
    yield { type: "citation", citation };
  }
  return "answer";
}

const mentionNone = (names: readonly string[]): string =>
  `No passage found mentions ${names
    .slice(0, 5)
    .map((name) => `“${name}”`)
    .join(" or ")}.`;
