import { z } from "zod";
import type { Reranker, RerankRequest, RerankResult } from "../../ports/reranker.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { unusable } from "../failure.ts";
import { postJson } from "../http.ts";
import { voyageEndpoint, voyageFacts } from "./endpoint.ts";
import { refuseBlank } from "../refuse-blank.ts";
import type { ProviderOptions } from "../provider-options.ts";

const answer = z.object({
  data: z.array(z.object({ index: z.int(), relevance_score: z.number() })),
  usage: z.object({ total_tokens: z.number() }),
});

/** Query tokens × documents + document tokens may not pass 600,000; a tenth is kept for the estimate's error. */
const requestTokens = 540_000;

/** Voyage AI's rerankers. Texts that do not fit into one request, from the end of the list, stay unranked. */
export function voyageReranker(options: ProviderOptions & { readonly model?: string | undefined }): Reranker {
  const { model = "rerank-2.5" } = options;
  const endpoint = voyageEndpoint(options);
  // Older models take an instruction for part of the question.
  const followsInstructions = !/^rerank-(?:1|2(?:-|$)|lite)/.test(model);

  async function rerank(query: string, texts: readonly string[], request: RerankRequest): Promise<RerankResult> {
    refuseBlank([query], "question");
    const asked =
      request.instruction !== undefined && followsInstructions ? `${request.instruction}\nQuery: ${query}` : query;
    const sent = fitting(asked, texts);
    if (sent.length === 0) return { ranking: [], tokens: 0 };
    const body = {
      query: asked,
      documents: sent.map((index) => texts[index]),
      model,
      top_k: Math.min(request.limit, sent.length),
      truncation: true,
    };
    const { data, usage } = await postJson(endpoint, { path: "/rerank", body, signal: request.signal }, answer);
    const ranking = data.map(({ index, relevance_score: score }) => {
      const original = sent[index];
      if (original === undefined) throw unusable(voyageFacts, `a ranking of document ${index}, which was not sent`);
      return { index: original, score };
    });
    return { ranking: ranking.sort((a, b) => b.score - a.score || a.index - b.index), tokens: usage.total_tokens };
  }

  return { model, maxCandidates: 1000, rerank };
}

/** Indexes of the texts that one request takes: not blank, within the token sum. */
function fitting(query: string, texts: readonly string[]): readonly number[] {
  const isCounted = !isShort(query, texts);
  const queryTokens = isCounted ? estimateTokens(query) : 0;
  const chosen: number[] = [];
  let sum = 0;
  for (const [index, text] of texts.slice(0, 1000).entries()) {
    if (text.trim() === "") continue;
    if (isCounted) sum += queryTokens + Math.min(estimateTokens(text), 32_000 - queryTokens);
    if (sum > requestTokens) break;
    chosen.push(index);
  }
  return chosen;
}

/** By the number of letters alone, which no estimate passes by more than a tenth: usual lists need not be counted. */
const isShort = (query: string, texts: readonly string[]): boolean =>
  texts.reduce((sum, text) => sum + query.length + text.length + 2, 0) * 1.1 < requestTokens;
