import { wordEmbedder } from "./testing/fake-models.ts";
import { chunkerFingerprint } from "./ingest/chunk/chunk-document.ts";
import { chunkerOptions } from "./ingest/document-version.ts";
import { ingest } from "./ingest/ingest.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import { agentMemory } from "./memory/agent-memory.ts";
import type { Moments } from "./ports/chunk-store.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { IndexIdentity, Store } from "./ports/store.ts";
import { ownerScope } from "./scope.ts";

export const former = wordEmbedder({ dimensions: 64, maxTokens: 60 });
export const latter = wordEmbedder({ dimensions: 96, maxTokens: 60 });
export const tenants = ["north", "south"].map(ownerScope);

export const identityOf = (embedder: Embedder): IndexIdentity => ({
  embedder: embedder.fingerprint,
  dimensions: embedder.dimensions,
  chunker: chunkerFingerprint(chunkerOptions(embedder, {})),
});

const birds = ["heron", "plover", "stork", "puffin", "wren", "otter"];

/** With headings, tables and titles, so that what is embedded is more than the content. */
const documentsOf = (tenant: string) =>
  birds.map((bird, index) => {
    const facts = birds.map((other) => `The ${bird} of the ${tenant} was seen beside a ${other} on day ${index}.`);
    const text = `# The ${bird}\n\n${facts.join(" ")}\n\n## Where it nests\n\n${facts.toReversed().join(" ")}\n\n| year | count |\n|---|---|\n| 2024 | ${index} |\n| 2025 | ${index + 3} |\n`;
    return { source: `${bird}.md`, bytes: new TextEncoder().encode(text), name: `${bird}.md`, mime: "text/markdown" };
  });

/** Two tenants with documents, a conversation, memories, a job's cache and an entry of the audit log each. */
export async function fill(store: Store, embedder: Embedder): Promise<void> {
  const pool = loadPool({ workers: 1 });
  try {
    await store.prepare(identityOf(embedder));
    for (const scope of tenants) {
      const run = ingest(
        documentsOf(scope.tenant),
        { store, embedder, extractor: null, pool, now: () => performance.now() },
        { scope, cwd: "/" },
      );
      for await (const event of run) {
        if (event.type === "file" && event.result.outcome !== "indexed") throw new Error(event.result.reason ?? "?");
      }
      await store.sessions.open(scope, { sessionId: "s", ttlMs: 1e9 });
      await store.sessions.append(scope, "s", [
        { role: "user", content: `Birds of the ${scope.tenant}?`, metadata: {} },
      ]);
      await store.caches.set(scope, "space", "key", scope.tenant, null);
      const memory = agentMemory({ memories: store.memories, embedder, now: Date.now });
      for (const bird of birds) {
        const content = `Likes the ${bird} of the ${scope.tenant}.`;
        await memory.remember(scope, "a", { memory_id: bird, type: "fact", content, importance: 0.5, metadata: {} });
      }
    }
  } finally {
    await pool.close();
  }
}

/** What the tenants find and have, but dates. */
export async function answersOf(store: Store, embedder: Embedder): Promise<unknown> {
  return Promise.all(
    tenants.map(async (scope) => {
      const { vectors } = await embedder.embed(["a stork beside a wren", "where the otter nests"], { kind: "query" });
      const searches = vectors.map(async (vector) => {
        const request = { vector, text: { query: "stork otter nests" }, filter: null, candidates: 8 };
        const { candidates, vector: leg } = await store.chunks.search(scope, request);
        const hits = candidates.map((hit) => [
          hit.chunk.chunk_id,
          hit.chunk.span,
          hit.cosine,
          hit.bm25,
          hit.vectorRank,
        ]);
        const recalled = await store.memories.search(scope, "a", { vector, text: null, limit: 3 });
        const remembered = recalled.map(({ memory, cosine }) => [memory.memory_id, cosine]);
        return {
          hits: hits.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
          moments: leg?.moments && rounded(leg.moments),
          remembered,
        };
      });
      const messages = await store.sessions.messages(scope, "s", { limit: 9 });
      return {
        searches: await Promise.all(searches),
        documents: await store.documents.count(scope),
        messages: messages.map(({ content }) => content),
        cached: await store.caches.get(scope, "space", "key"),
      };
    }),
  );
}

/** Sums over chunks in another order end in other bits; nine digits are what the contract promises. */
const rounded = ({ mean, deviation, count }: Moments) => [mean.toFixed(9), deviation.toFixed(9), count];
