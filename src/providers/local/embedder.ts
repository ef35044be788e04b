import { availableParallelism } from "node:os";
import { HybridRAGError } from "../../errors.ts";
import type { Embedder, EmbedRequest } from "../../ports/embedder.ts";
import type { Warning } from "../../records.ts";
import { openEmbedPool } from "./embed-pool.ts";
import type { EngineReport } from "./embed-worker.ts";
import type { EngineName } from "./engine.ts";
import { localFingerprint } from "./fingerprint.ts";
import { findModel, type ModelOptions } from "./model-files.ts";
import { parseTokenizerFile } from "./tokenizer-file.ts";
import { createTokenizer } from "./tokenizer.ts";

export interface LocalEmbedderOptions extends ModelOptions {
  /** Where the built graph is kept between runs; null builds it at every start (about a second of one core). */
  readonly cacheDir: string | null;
  /** Worker processes at most; one per core by default, started as they are needed. */
  readonly workers?: number;
  /** Written before every question or passage; some models are trained with such words. */
  readonly queryPrefix?: string;
  readonly documentPrefix?: string;
  /** Length of the model's input, framing tokens included. 256 by default; never above what the model has places for. */
  readonly maxTokens?: number;
  /** "auto" (default): native code where it loads, else the portable engine, with a warning. */
  readonly engine?: EngineName | "auto";
}

export interface LocalEmbedder extends Embedder {
  readonly engine: EngineReport;
  /** What an operator should know, such as that the slow engine runs. */
  readonly warnings: readonly Warning[];
}

/**
 * Embeds on this machine, in worker processes. A vector depends on its text alone: not on the other texts of a call, nor
 * on the number of workers. `countTokens` counts the text's own tokens, and `maxTokens` is how many of them fit, so
 * counts of parts that are joined by blanks add up. Longer texts are cut.
 * @throws HybridRAGError `invalid_config` when the model cannot be used, `provider_failed` when no engine runs it.
 */
export async function localEmbedder(options: LocalEmbedderOptions): Promise<LocalEmbedder> {
  const { queryPrefix = "", documentPrefix = "" } = options;
  const { files, tokenizerJson } = await findModel(options);
  const tokenizer = createTokenizer(await parseTokenizerFile(tokenizerJson));
  const inputTokens = Math.min(options.maxTokens ?? 256, files.shape.positions);
  const maxTokens = inputTokens - 2 - Math.max(tokenizer.count(queryPrefix), tokenizer.count(documentPrefix));
  const workers = options.workers ?? availableParallelism();
  checkNumbers(workers, maxTokens);
  const pool = await openEmbedPool(
    { model: files, engine: options.engine ?? "auto", cacheDir: options.cacheDir },
    workers,
  );
  const dimensions = files.shape.width;
  const prefixOf = (kind: EmbedRequest["kind"]): string => (kind === "query" ? queryPrefix : documentPrefix);
  return {
    fingerprint: localFingerprint({
      ...files,
      dimensions,
      maxTokens: inputTokens,
      queryPrefix,
      documentPrefix,
      dtype: pool.report.dtype,
    }),
    model: files.name,
    dimensions,
    maxTokens,
    languages: "en",
    limits: { items: 256, tokens: 256 * maxTokens, parallel: workers },
    engine: pool.report,
    warnings: warningsOf(pool.report),
    countTokens: (text) => tokenizer.count(text),
    async embed(texts, { kind, signal }) {
      signal?.throwIfAborted();
      refuseBlank(texts);
      const prefix = prefixOf(kind);
      const jobs = texts.map((text) =>
        pool.run({
          urgent: kind === "query",
          tokens: () => tokenizer.encode(prefix + text, inputTokens),
          signal,
        }),
      );
      return { vectors: await allOrAborted(jobs, signal), tokens: 0 };
    },
    close: () => pool.close(),
  };
}

function checkNumbers(workers: number, maxTokens: number): void {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new HybridRAGError("invalid_config", "The local embedder needs a whole number of workers, at least 1.");
  }
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new HybridRAGError("invalid_config", "The local embedder's token limit leaves no room for text. Raise it.");
  }
}

function refuseBlank(texts: readonly string[]): void {
  const index = texts.findIndex((text) => text.trim() === "");
  if (index === -1) return;
  const path = `texts[${index}]`;
  throw new HybridRAGError("invalid_input", `A blank text cannot be embedded (${path}). Leave it out.`, {
    details: { path },
  });
}

/** A cancelled call rejects at once; texts already handed to a worker run on and are dropped. */
async function allOrAborted<T>(jobs: readonly Promise<T>[], signal: AbortSignal | undefined): Promise<T[]> {
  const all = Promise.all(jobs);
  if (signal === undefined) return all;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([all, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const job of jobs) job.catch(() => undefined);
  }
}

const warningsOf = ({ reason }: EngineReport): readonly Warning[] =>
  reason === null
    ? []
    : [{ code: "slow_embedder", message: `The portable engine embeds, at a fraction of the speed. ${reason}` }];
