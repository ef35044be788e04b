import { HybridRAGError, isHybridRAGError, messageOf } from "../../../errors.ts";

interface SqliteError extends Error {
  readonly errcode: number;
}

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number";

/** What to do about SQLite's primary result codes (https://sqlite.org/rescode.html). */
const sentences: Readonly<Record<number, string>> = {
  5: "The data file was busy for too long; try again, and look for another program that holds it open.",
  6: "The data file was busy for too long; try again, and look for another program that holds it open.",
  8: "The data file cannot be written; check the permissions of the data folder.",
  10: "The disk failed to read or write the data file; check the disk. Nothing was half written.",
  13: "The disk is full: free some space and try again. Nothing was half written.",
  14: "The data file cannot be opened; check that the data folder exists and may be written.",
};

/** The same for what the file system itself refuses. */
const fileSentences: Readonly<Record<string, string>> = {
  EACCES: "The data folder cannot be written; check its permissions.",
  EPERM: "The data folder cannot be written; check its permissions.",
  EROFS: "The data folder lies on a read-only file system; name another one.",
  ENOSPC: sentences[13]!,
  ENOTDIR: "The data folder cannot be made: a file stands in its place. Name another one.",
  EEXIST: "The data folder cannot be made: a file stands in its place. Name another one.",
};

const damaged = new Set([11, 26]);

/** Anything thrown while talking to SQLite, as an error of ours; the cause stays for logs. */
export function storeError(error: unknown): HybridRAGError {
  if (isHybridRAGError(error)) return error;
  if (!isSqliteError(error)) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const sentence = fileSentences[code] ?? `The store failed: ${messageOf(error)}`;
    return new HybridRAGError("store_failed", sentence, { cause: error });
  }
  const code = error.errcode & 0xff;
  if (damaged.has(code)) {
    const advice = "The data file is damaged; restore a copy of it, or remove the data folder and ingest again.";
    return new HybridRAGError("data_damaged", advice, { cause: error, details: { sqlite: error.errcode } });
  }
  const sentence = sentences[code] ?? `The store failed: ${messageOf(error)}.`;
  return new HybridRAGError("store_failed", sentence, { cause: error, details: { sqlite: error.errcode } });
}
