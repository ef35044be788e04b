import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { loadConfig } from "../../config/config.ts";
import { openHybridRAG } from "../../open.ts";
import { ownerScope } from "../../scope.ts";
import { corpusOf, corpusVersion, perDocument } from "../speed/corpus.ts";

const scope = ownerScope("default");
const batch = 500;

/**
 * A data folder of the embedded engine that holds so many chunks, embedded by the Voyage stand-in of `environment`.
 * It is kept, and made again when the corpus changes.
 */
export async function corpusFolder(
  size: number,
  environment: Readonly<Record<string, string>>,
  note: (line: string) => void,
): Promise<string> {
  const folder = resolve(".hybridrag", "bench-service", `${size}-${corpusVersion}`);
  const done = join(folder, "complete");
  if (existsSync(done)) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const flags = { data_dir: folder, language_model: "none", reranker: "none" };
  const { config } = loadConfig({ environment, directory: folder, flags });
  const rag = await openHybridRAG(config, { access: "write" });
  try {
    let chunks = 0;
    for (let first = 0; chunks < size; first += batch) {
      const documents = Array.from({ length: batch }, (_, index) => documentOf(size, first + index));
      for await (const event of rag.ingest(scope, documents, { cwd: folder }))
        if (event.type === "file") chunks += event.result.chunks;
      note(`${Math.min(chunks, size)} of ${size} chunks`);
    }
  } finally {
    await rag.close();
  }
  await writeFile(done, "");
  return folder;
}

function documentOf(size: number, number: number) {
  const corpus = corpusOf(size);
  const passages = Array.from({ length: perDocument }, (_, index) => corpus.passage(number * perDocument + index));
  const text = passages.map(({ content }, index) => `## Part ${index + 1}\n\n${content}.`).join("\n\n");
  return {
    source: `bench/${number}.md`,
    title: `Report ${number}`,
    text: `# Report ${number}\n\n${text}`,
    metadata: { category: passages[0]!.category },
  };
}
