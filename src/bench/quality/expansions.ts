import type { Dataset } from "../../evaluate/dataset.ts";
import { evaluate, type SearchDocuments } from "../../evaluate/evaluate.ts";
import type { LanguageModel } from "../../ports/language-model.ts";
import { findExpanded } from "../../query/find-expanded.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Figures } from "../floors.ts";
import type { Indexed } from "./indexed.ts";
import { noTokens } from "../../ports/token-usage.ts";

/** The further searches of a question. */
type Split = (question: string) => readonly string[];

/**
 * What searching for the parts of a question is worth without a model to find them: split by rules, and split as the
 * authors of the questions did, which is the most that a model could reach that does not know the answers.
 */
export async function measureExpansions(dataset: Dataset, indexed: Indexed, modes: readonly Mode[]): Promise<Figures> {
  const byHand = new Map(dataset.queries.map(({ text, metadata }) => [text, stepsOf(metadata["decomposition"])]));
  const splits: readonly (readonly [string, Split])[] = [
    ["split by rules", clausesOf],
    ["split by hand", (question) => byHand.get(question) ?? []],
  ];
  const figures: Record<string, number> = {};
  for (const [name, split] of splits) {
    const { modes: found } = await evaluate(dataset, {
      search: expanded(indexed, split),
      modes,
      now: indexed.ports.now,
    });
    for (const [mode, measured] of Object.entries(found))
      for (const measure of ["recall@5", "ndcg@10"] as const)
        if (measured[measure] !== null) figures[`${mode}/${name} ${measure}`] = measured[measure];
  }
  return figures;
}

function expanded({ ports, scope, settings }: Indexed, split: Split): SearchDocuments {
  const model: LanguageModel = {
    provider: "rules",
    model: "rules",
    maxInputTokens: 10_000,
    maxOutputTokens: 10_000,
    cites: "markers",
    countTokens: (text) => text.length,
    stream: () => {
      throw new Error("Nothing is written here.");
    },
    generateObject: async ({ messages }) => ({
      value: { searches: split(messages.at(-1)?.content ?? "") },
      usage: noTokens,
    }),
  };
  return async ({ query, mode, filter, limit }) => {
    const request = { query, mode, filter, top_k: limit, session_id: null, explain: false };
    const { hits } = await findExpanded(ports, scope, request, settings, { model, expansion: "decompose" });
    return [...new Set(hits.map((hit) => hit.candidate.chunk.document_id))];
  };
}

const joints = [
  /[,;:?]|\b(?:and|or|but|who|whom|whose|which|that|where|when|while|before|after|than)\b/iu,
  /\b(?:of|in|by|from|with)\s+(?=the\b)/iu,
];

/** Clauses, and what stands on either side of "of the" and its like; three words at least. */
function clausesOf(question: string): readonly string[] {
  const parts = joints.flatMap((joint) => question.split(joint).map((part) => part.trim()));
  return [...new Set(parts)].filter((part) => part.split(/\s+/u).length >= 3 && `${part}?` !== question.trim());
}

/** The steps as they can be asked before any is answered: "#1" is the step before, in its own words. */
function stepsOf(decomposition: unknown): readonly string[] {
  const asked: string[] = [];
  for (const { question } of (decomposition ?? []) as readonly { readonly question: string }[]) {
    const whole = question.replaceAll(/#(\d)/gu, (_whole, step: string) => asked[Number(step) - 1] ?? "");
    asked.push(whole.replaceAll(/\s*>>\s*/gu, " ").replace(/\?$/u, ""));
  }
  return asked;
}
