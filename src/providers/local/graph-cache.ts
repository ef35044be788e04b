/**
 * Keeps built graphs in a folder. A file is the SHA-256 of the graph followed by the graph, written beside its place
 * and renamed into it: a reader sees a whole file or none, and a damaged one counts as none.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { graphVersion } from "./bert-graph.ts";
import type { ModelFiles } from "./model-files.ts";
import type { Bits } from "./quantize.ts";

export interface GraphCache {
  /** Null when there is none, or none that is whole. */
  read(bits: Bits): Promise<Uint8Array | null>;
  /** A folder that cannot be written costs the next start a build, never this one: it does not throw. */
  keep(bits: Bits, graph: Uint8Array): Promise<void>;
}

/** `folder` null keeps nothing. */
export function graphCache(model: ModelFiles, folder: string | null): GraphCache {
  if (folder === null) return { read: () => Promise.resolve(null), keep: () => Promise.resolve() };
  const pathOf = (bits: Bits): string => join(folder, graphFileName(model, bits));
  return {
    async read(bits) {
      const file = await readFile(pathOf(bits)).catch(() => null);
      if (file === null || file.byteLength <= digestLength) return null;
      const graph = file.subarray(digestLength);
      return sha256(graph).equals(file.subarray(0, digestLength)) ? graph : null;
    },
    async keep(bits, graph) {
      const draft = `${pathOf(bits)}.${randomUUID()}.draft`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(draft, [sha256(graph), graph]);
        await rename(draft, pathOf(bits));
      } catch {
        await rm(draft, { force: true }).catch(() => undefined);
      }
    },
  };
}

const digestLength = 32;

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** Everything that decides the graph is in the name. */
function graphFileName(model: ModelFiles, bits: Bits): string {
  const parts = [graphVersion, bits, model.weightsSha256, model.pooling, ...Object.values(model.shape)];
  return `embedder-${sha256(Buffer.from(parts.join(":")))
    .toString("hex")
    .slice(0, 24)}.graph`;
}
