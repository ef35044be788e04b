import { isHybridRAGError, messageOf } from "../../errors.ts";
import type { LanguageModel, TokenUsage } from "../../ports/language-model.ts";
import type { Evidence, Usage, Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { type AnswerEvent, noUsage } from "../answer/answer-event.ts";
import { answerPassages } from "../answer/constants.ts";
import { type AnswerPorts, extractiveEvents } from "../answer/extract-answer.ts";
import { condense } from "../condense.ts";
import { findExpanded } from "../find-expanded.ts";
import type { Findings } from "../find-hits.ts";
import type { QuerySettings } from "../plan.ts";
import type { QueryRequest } from "../query-request.ts";
import { communitiesOf, toHit } from "../search.ts";
import { citationWriter } from "./cite-text.ts";
import { claimReport } from "./claim-warnings.ts";
import { type AnswerContext, answerPrompt, defaultBudget, noContext, type PromptBudget } from "./prompt.ts";
import { writeAnswer, type Written } from "./write-answer.ts";
import { addTokens, noTokens } from "../../ports/token-usage.ts";

export interface ModelAnswerPorts extends AnswerPorts {
  readonly model: LanguageModel;
  /** A smaller model that rewrites follow-up questions; null: rules do. */
  readonly rewriter: LanguageModel | null;
  /** US dollars of what an answer took. */
  readonly costOf: (spent: SpentTokens) => number;
  readonly budget?: PromptBudget;
}

export interface SpentTokens {
  readonly answer: TokenUsage;
  readonly rewrite: TokenUsage;
  readonly embedding: number;
  readonly rerank: number;
}

/**
 * An answer that a model writes from the passages found, in the same events as an extractive one. Every citation was
 * found in the stored text; an answer without one abstains. A model that fails before it has said anything is replaced
 * by the extractive answer; one that declines, is cut or reaches its limit is reported as that.
 */
export async function* modelAnswer(
  ports: ModelAnswerPorts,
  scope: Scope,
  request: QueryRequest,
  settings: QuerySettings,
  options: { readonly context?: AnswerContext; readonly signal?: AbortSignal } = {},
): AsyncGenerator<AnswerEvent, void, void> {
  const { context = noContext, signal } = options;
  const started = ports.now();
  const wanted = request.top_k ?? settings.top_k;
  const standalone = await condense(ports.rewriter, request.query, context, signal);
  const deeper = { ...request, query: standalone.question, top_k: Math.max(wanted, answerPassages) };
  const expanding = { model: ports.rewriter, expansion: settings.expansion ?? null };
  const findings = await findExpanded(ports, scope, deeper, settings, expanding, signal);
  const searched = ports.now();
  const sources = findings.hits.slice(0, wanted).map((hit, i) => toHit(hit, i + 1));
  yield { type: "sources", question: request.query, sources, ...communitiesOf(findings) };
  for (const warning of [...standalone.warnings, ...findings.warnings]) yield { type: "warning", warning };

  const left = Math.max(1, settings.query_timeout_ms - (ports.now() - started));
  const assisting = [standalone.usage, findings.expansionUsage, findings.summaryUsage].reduce(addTokens);
  const outcome = yield* answered(ports, scope, { findings, question: request.query, context, wanted, left, signal });
  yield {
    type: "end",
    evidence: outcome.evidence,
    abstained: outcome.abstained,
    usage: usageOf(ports, findings, assisting, outcome),
    timings_ms: { ...findings.timings, answer: ports.now() - searched, total: ports.now() - started },
  };
}

interface Asked {
  readonly findings: Findings;
  readonly question: string;
  readonly context: AnswerContext;
  readonly wanted: number;
  /** Milliseconds until the model must have begun. */
  readonly left: number;
  readonly signal: AbortSignal | undefined;
}

interface Outcome {
  readonly evidence: Evidence;
  readonly abstained: boolean;
  readonly usage: TokenUsage;
  readonly embeddingTokens: number;
}

async function* answered(ports: ModelAnswerPorts, scope: Scope, asked: Asked): AsyncGenerator<AnswerEvent, Outcome> {
  const { findings, signal } = asked;
  const searches = findings.plan.mode !== "bypass";
  if (searches && findings.hits.length === 0) return yield* extractive(ports, scope, asked);
  const budget = ports.budget ?? { ...defaultBudget, sources: findings.plan.budget.context_tokens };
  const prompt = answerPrompt(ports.model, asked.question, findings.hits, asked.context, budget);
  const writer = citationWriter({ store: ports.store, scope, analyzer: ports.analyzer }, prompt.passages, signal);
  const begin = beginWithin(asked.left, signal);
  let written: Written;
  try {
    const streamOptions = { question: asked.question, signal: begin.signal, onBegin: begin.done };
    written = yield* writeAnswer(ports.model, prompt, writer, streamOptions);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    yield warn("model_unavailable", `The model could not answer, so the passages do: ${reasonOf(error)}`);
    return yield* extractive(ports, scope, asked);
  } finally {
    begin.done();
  }
  if (signal?.aborted) throw signal.reason;
  for (const warning of endWarnings(written, writer.dropped)) yield { type: "warning", warning };
  const { citations } = writer;
  const checked = await claimReport(ports, scope, { claims: writer.claims(), citations }, prompt.passages, signal);
  for (const warning of checked.warnings) yield { type: "warning", warning };
  return {
    evidence: citations.length === 0 ? "none" : checked.supported ? "answer" : "closest",
    abstained: searches && citations.length === 0,
    usage: written.usage ?? noTokens,
    embeddingTokens: checked.embeddingTokens,
  };
}

async function* extractive(ports: AnswerPorts, scope: Scope, asked: Asked): AsyncGenerator<AnswerEvent, Outcome> {
  const { findings, wanted, signal } = asked;
  // The model may have used up the time; looking up a few quotes takes milliseconds.
  const deadlineMs = Math.max(1000, asked.left);
  const evidence = yield* extractiveEvents(ports, scope, findings, { passages: wanted, deadlineMs, signal });
  return { evidence, abstained: evidence === "none", usage: noTokens, embeddingTokens: 0 };
}

/** A signal that fires when the model has not begun in time; once it has, only the caller's counts. */
function beginWithin(milliseconds: number, caller: AbortSignal | undefined) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`it had not begun after ${milliseconds} ms`)), milliseconds);
  return {
    signal: caller === undefined ? late.signal : AbortSignal.any([caller, late.signal]),
    done: (): void => clearTimeout(timer),
  };
}

const warn = (code: string, message: string): AnswerEvent => ({ type: "warning", warning: { code, message } });

/** A foreign error may hold anything; only its kind is told. */
const reasonOf = (error: unknown): string =>
  isHybridRAGError(error) ? error.message : error instanceof Error ? messageOf(error) : "unknown failure";

const endings: Readonly<Record<Written["reason"], Warning | null>> = {
  stop: null,
  length: { code: "answer_truncated", message: "The answer reached its length limit and stops there." },
  "context-full": { code: "answer_truncated", message: "The model's context was full; the answer stops there." },
  refusal: { code: "model_refused", message: "The model declined to answer this question." },
  cut: { code: "answer_cut", message: "The model's answer was cut off; what came is shown." },
  failed: { code: "answer_cut", message: "The model failed while it answered; what came is shown." },
};

function endWarnings(written: Written, dropped: number): readonly Warning[] {
  const warnings: Warning[] = [];
  const ending = endings[written.reason];
  if (ending !== null) warnings.push(ending);
  if (written.linksRemoved > 0)
    warnings.push({
      code: "links_removed",
      message: `${written.linksRemoved} links or images that no source holds were taken out.`,
    });
  if (dropped > 0)
    warnings.push({
      code: "citations_dropped",
      message: `${dropped} ${dropped === 1 ? "quote was" : "quotes were"} not found in the source and dropped.`,
    });
  return warnings;
}

function usageOf(ports: ModelAnswerPorts, findings: Findings, rewrite: TokenUsage, outcome: Outcome): Usage {
  const embedding = findings.usage.embedding_tokens + outcome.embeddingTokens;
  const rerank = findings.usage.rerank_tokens;
  return {
    ...noUsage,
    input_tokens: sent(outcome.usage) + sent(rewrite),
    output_tokens: outcome.usage.outputTokens + rewrite.outputTokens,
    embedding_tokens: embedding,
    rerank_tokens: rerank,
    cost_usd: ports.costOf({ answer: outcome.usage, rewrite, embedding, rerank }),
  };
}

const sent = (usage: TokenUsage): number => usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
