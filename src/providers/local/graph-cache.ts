/**
 * Keeps built graphs in a folder. A file is the SHA-256 of the graph followed by the graph, written beside its place
 * and renamed into it: a reader sees a whole file or none, and a damaged one is built anew.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildBertGraph, graphVersion } from "./bert-graph.ts";
import { loadWeights } from "./load-weights.ts";
import type { ModelFiles } from "./model-files.ts";

export interface CachedGraph {
  readonly graph: Uint8Array;
  readonly origin: "cache" | "built";
}

/** `folder` null keeps nothing. A folder that cannot be written costs the next start a build, never this one. */
export async function cachedGraph(model: ModelFiles, folder: string | null): Promise<CachedGraph> {
  const path = folder === null ? null : join(folder, graphFileName(model));
  const found = path === null ? null : await readGraph(path);
  if (found !== null) return { graph: found, origin: "cache" };
  const graph = buildBertGraph(await loadWeights(model), model.pooling);
  if (path !== null && folder !== null) await keepGraph(folder, path, graph);
  return { graph, origin: "built" };
}

/** Everything that decides the graph is in the name. */
export function graphFileName(model: ModelFiles): string {
  const parts = [graphVersion, model.weightsSha256, model.pooling, ...Object.values(model.shape)];
  return `embedder-${sha256(Buffer.from(parts.join(":")))
    .toString("hex")
    .slice(0, 24)}.graph`;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

const digestLength = 32;

async function readGraph(path: string): Promise<Uint8Array | null> {
  const file = await readFile(path).catch(() => null);
  if (file === null || file.byteLength <= digestLength) return null;
  const graph = file.subarray(digestLength);
  return sha256(graph).equals(file.subarray(0, digestLength)) ? graph : null;
}

async function keepGraph(folder: string, path: string, graph: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, [sha256(graph), graph]);
    await rename(draft, path);
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
