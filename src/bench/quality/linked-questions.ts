/**
 * Questions over a linked collection, made from it: each asks by the sentence that holds a link for what stands behind
 * the link, so that both passages are needed and both are known.
 */
import { createHash } from "node:crypto";
import type { Store } from "../../ports/store.ts";
import type { NewChunk, PassageLink } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { splitSentences } from "../../text/sentences.ts";
import { englishStopWords } from "../../text/stop-words.ts";

export interface LinkedQuestion {
  readonly text: string;
  /** Chunk ids: the passage with the link and the one behind it; only the latter for an easy question. */
  readonly gold: readonly string[];
}

export interface LinkedQuestions {
  readonly twoPassages: readonly LinkedQuestion[];
  /** One passage answers: what following links must not cost. */
  readonly onePassage: readonly LinkedQuestion[];
}

interface Passages {
  readonly chunks: ReadonlyMap<string, NewChunk>;
  readonly links: readonly (PassageLink & { readonly sentence: string; readonly linked: string })[];
  readonly frequencies: ReadonlyMap<string, number>;
}

const askedWords = 4;
const fewestClues = 5;
/** A longer one is a list of links, not a sentence. */
const longestSentence = 400;

/** `most` of each kind at most, the same ones every time. */
export async function linkedQuestions(store: Store, scope: Scope, most: number): Promise<LinkedQuestions> {
  const passages = await readPassages(store, scope);
  const twoPassages: LinkedQuestion[] = [];
  for (const link of inHashOrder(passages.links, (one) => `${one.chunk_id} ${one.target}`)) {
    if (twoPassages.length === most) break;
    const question = await questionOver(store, scope, passages, link);
    if (question !== null) twoPassages.push(question);
  }
  const onePassage = inHashOrder([...passages.chunks.values()], (chunk) => chunk.chunk_id)
    .flatMap((chunk) => easyQuestion(passages, chunk) ?? [])
    .slice(0, most);
  return { twoPassages, onePassage };
}

async function readPassages({ documents }: Store, scope: Scope): Promise<Passages> {
  const chunks = new Map<string, NewChunk>();
  const links: Passages["links"][number][] = [];
  const frequencies = new Map<string, number>();
  const { items } = await documents.list(scope, { limit: 1000, cursor: null });
  for (const { document_id } of items) {
    const version = await documents.version(scope, document_id);
    for (const chunk of version?.chunks ?? []) {
      chunks.set(chunk.chunk_id, chunk);
      for (const word of new Set(wordsOf(chunk.content))) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
    }
    const { text, graph } = version!;
    const sentences = splitSentences(text);
    for (const link of graph.links) {
      const at = sentences.find(({ start, end }) => start <= link.start && link.end <= end);
      if (link.kind !== "hyperlink" || at === undefined || at.end - at.start > longestSentence) continue;
      const sentence = `${text.slice(at.start, link.start)} ${text.slice(link.end, at.end)}`;
      links.push({ ...link, sentence, linked: text.slice(link.start, link.end) });
    }
  }
  return { chunks, links, frequencies };
}

/** "<the sentence without the linked words>: <words of a sentence behind the link>"; null where either says too little. */
async function questionOver(
  { graph }: Store,
  scope: Scope,
  passages: Passages,
  link: Passages["links"][number],
): Promise<LinkedQuestion | null> {
  const from = passages.chunks.get(link.chunk_id)!;
  const request = { seeds: [link.chunk_id], titled: [], except: [], filter: null, terms: [], vector: null };
  const { edges } = await graph.links(scope, { ...request, maxShared: 0, maxSubname: 0, maxPassages: 50 });
  const targets = edges.filter((edge) => edge.kind === "hyperlink" && edge.entity === link.target);
  const behind = targets
    .map((edge) => passages.chunks.get(edge.to)!)
    .filter(({ document_id }) => document_id !== from.document_id);
  const target = inHashOrder(behind, (chunk) => chunk.chunk_id)[0];
  if (target === undefined) return null;
  const clue = link.sentence.replaceAll(/\]\([^)]*\)|[[\]`*_#|<>-]+/gu, " ");
  const named = new Set([
    ...wordsOf(link.linked),
    ...wordsOf(target.title),
    ...target.heading_path.flatMap(wordsOf),
    ...wordsOf(clue),
  ]);
  const asked = tellingWords(passages, target, named);
  if (wordsOf(clue).length < fewestClues || asked === null) return null;
  return { text: `${clue.replaceAll(/\s+/gu, " ").trim()}: ${asked}?`, gold: [link.chunk_id, target.chunk_id] };
}

/** Words of middling rarity from one sentence of a passage: what a question says of something whose name it lacks. */
function tellingWords({ frequencies, chunks }: Passages, chunk: NewChunk, known: ReadonlySet<string>): string | null {
  const most = chunks.size / 20;
  const isTelling = (word: string): boolean => {
    const frequency = frequencies.get(word) ?? 0;
    return frequency > 2 && frequency <= most && !known.has(word) && !/\d/.test(word);
  };
  const sentences = splitSentences(chunk.content).map(({ start, end }) => [
    ...new Set(wordsOf(chunk.content.slice(start, end)).filter(isTelling)),
  ]);
  const [best] = sentences.toSorted((a, b) => b.length - a.length);
  return best === undefined || best.length < askedWords ? null : best.slice(0, askedWords).join(" ");
}

function easyQuestion(passages: Passages, chunk: NewChunk): LinkedQuestion | null {
  const heading = chunk.heading_path.at(-1) ?? chunk.title;
  const asked = tellingWords(passages, chunk, new Set(wordsOf(heading)));
  return asked === null ? null : { text: `${heading}: ${asked}?`, gold: [chunk.chunk_id] };
}

const wordsOf = (text: string): readonly string[] =>
  (text.toLowerCase().match(/\p{L}[\p{L}\p{N}]{2,}/gu) ?? []).filter((word) => !englishStopWords.has(word));

const inHashOrder = <T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] =>
  items
    .map((item) => ({ item, hash: createHash("sha256").update(keyOf(item)).digest("hex") }))
    .toSorted((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ item }) => item);
