import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { glob } from "tinyglobby";
import { mean, ndcgAt, recallAt } from "../../evaluate/measures.ts";
import type { GivenDocument } from "../../ingest/sources.ts";
import { findHits } from "../../query/find-hits.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Figures } from "../floors.ts";
import type { Indexed } from "./indexed.ts";
import { linkedQuestions, type LinkedQuestion } from "./linked-questions.ts";

/** Packages of the checkout that bring their documentation, in Markdown with links from page to page. */
const packages = ["fastify", "undici"];
const questions = 150;

/** The pages, under the paths that they have within their package: links from one to another hold. */
export async function pagesOfPackages(): Promise<readonly GivenDocument[]> {
  return (await Promise.all(packages.map(pagesOf))).flat();
}

async function pagesOf(name: string): Promise<readonly GivenDocument[]> {
  const folder = join(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), "docs");
  const files = await glob("**/*.md", { cwd: folder, ignore: ["**/node_modules/**"], expandDirectories: false });
  return Promise.all(
    files.toSorted().map(async (file) => ({
      source: `${name}/${file}`,
      text: await readFile(join(folder, file), "utf8"),
      mime: "text/markdown",
    })),
  );
}

/** How well both passages that a link joins are found, and what easy questions lose by it. */
export async function measureLinked(indexed: Indexed, modes: readonly Mode[]): Promise<Figures> {
  const { twoPassages, onePassage } = await linkedQuestions(indexed.ports.store, indexed.scope, questions);
  const figures: Record<string, number> = {};
  for (const mode of modes) {
    Object.assign(figures, await measure(indexed, mode, "two passages", twoPassages));
    Object.assign(figures, await measure(indexed, mode, "one passage", onePassage));
  }
  return figures;
}

async function measure(
  { ports, scope, settings }: Indexed,
  mode: Mode,
  name: string,
  asked: readonly LinkedQuestion[],
): Promise<Figures> {
  const ranked = [];
  for (const { text, gold } of asked) {
    const request = { query: text, mode, filter: null, top_k: 10, session_id: null, explain: false };
    const { hits } = await findHits(ports, scope, request, settings);
    const ids = hits.map((hit) => hit.candidate.chunk.chunk_id);
    const judged = new Map(gold.map((id) => [id, 1]));
    ranked.push({ recall: recallAt(5, ids, judged), ndcg: ndcgAt(10, ids, judged) });
  }
  return {
    [`${mode}/${name} recall@5`]: mean(ranked.map(({ recall }) => recall)),
    [`${mode}/${name} ndcg@10`]: mean(ranked.map(({ ndcg }) => ndcg)),
  };
}
