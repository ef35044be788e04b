import type { Dataset, EvalQuery } from "../../evaluate/dataset.ts";
import { mean, ndcgAt, recallAt } from "../../evaluate/measures.ts";
import { findTurns, type FoundTurns } from "../../memory/turns/find-turns.ts";
import { turnQuestion } from "../../memory/turns/question-kind.ts";
import { kindOf, turnOf, type Turn } from "../../memory/turns/turn.ts";
import { addTurn, turnIndex, type TurnIndex } from "../../memory/turns/turn-index.ts";
import { blended, placeOf, textsOf } from "../../memory/turns/turn-texts.ts";
import { atOnce } from "../../pace/time-slices.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import type { Figures } from "../floors.ts";

interface Conversation {
  readonly ids: readonly string[];
  readonly index: TurnIndex;
}

const analyzer = englishAnalyzer();
const deepest = 10;

/**
 * Turns of conversations recalled by a question, each in its own conversation: `metadata.scope` names it. `standing`
 * counts what is delivered beside the ten turns: instructions and preferences.
 */
export async function measureTurns({ documents, queries }: Dataset, embedder: Embedder): Promise<Figures> {
  const conversations = new Map<string, Conversation>();
  for (const scope of new Set(documents.map(({ metadata }) => String(metadata["scope"]))))
    conversations.set(
      scope,
      await indexed(
        documents.filter((one) => one.metadata["scope"] === scope),
        embedder,
      ),
    );
  const judged = queries.filter(({ judgements }) => [...judgements.values()].some((grade) => grade > 0));
  const found: (readonly [EvalQuery, readonly string[], readonly string[]])[] = [];
  for (const query of judged) {
    const conversation = conversations.get(String(query.metadata["scope"]));
    if (conversation === undefined) continue;
    const { turns, standing } = await ask(conversation, query.text, embedder);
    const idsOf = (ranked: FoundTurns["turns"]) => ranked.map(({ turn }) => conversation.ids[turn.sequence - 1]!);
    found.push([query, idsOf(turns), idsOf(standing)]);
  }
  const over = (measure: (ranking: readonly string[], query: EvalQuery, standing: readonly string[]) => number) =>
    mean(found.map(([query, ranking, standing]) => measure(ranking, query, standing)));
  return {
    "turns/recall@5": over((ranking, { judgements }) => recallAt(5, ranking, judgements)),
    "turns/recall@10": over((ranking, { judgements }) => recallAt(deepest, ranking, judgements)),
    "turns/ndcg@10": over((ranking, { judgements }) => ndcgAt(deepest, ranking, judgements)),
    "turns/recall@10 with standing": over((ranking, { judgements }, standing) => {
      const delivered = [...new Set([...ranking, ...standing])];
      return recallAt(delivered.length, delivered, judgements);
    }),
  };
}

async function indexed(documents: Dataset["documents"], embedder: Embedder): Promise<Conversation> {
  const turns: Turn[] = [];
  for (const { text, metadata } of documents) {
    const role = metadata["role"] === "assistant" ? "assistant" : "user";
    const message = { sequence: turns.length + 1, role, content: text, metadata, created_at: anyDay } as const;
    turns.push(turnOf(message, turns.at(-1) ?? null));
  }
  const kind = kindOf(turns);
  const texts = turns.map((_turn, at) => textsOf(placeOf(turns, at), kind));
  const own = await embedAll(
    embedder,
    texts.map((text) => text.own),
  );
  const window =
    kind === "people"
      ? await embedAll(
          embedder,
          texts.map((text) => text.window ?? ""),
        )
      : null;
  const index = turnIndex(kind);
  turns.forEach((turn, at) => addTurn(index, turn, blended(own[at]!, window?.[at] ?? null), analyzer));
  return { ids: documents.map(({ document_id }) => document_id), index };
}

const anyDay = "2024-01-01T00:00:00Z";

async function ask({ index }: Conversation, text: string, embedder: Embedder): Promise<FoundTurns> {
  const question = turnQuestion(text, analyzer);
  const { vectors } = await embedder.embed([question.searched], { kind: "query" });
  return atOnce(findTurns(index, { question, vector: vectors[0]!, limit: deepest }, analyzer));
}

async function embedAll(embedder: Embedder, texts: readonly string[]): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += embedder.limits.items) {
    const batch = texts.slice(at, at + embedder.limits.items);
    vectors.push(...(await embedder.embed(batch, { kind: "document" })).vectors);
  }
  return vectors;
}
