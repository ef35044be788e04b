import { HybridRAGError } from "../errors.ts";

const remedy = "Copy it or export it again, then import it: what is already there is skipped.";

export const truncated = (): HybridRAGError =>
  new HybridRAGError("unreadable", `The archive ends before its last record: it was cut short. ${remedy}`, {
    details: { reason: "truncated" },
  });

/** @param record counted from 1; null where no record can be named. */
export const damaged = (record: number | null, cause?: unknown): HybridRAGError =>
  new HybridRAGError(
    "unreadable",
    `${record === null ? "The archive is" : `Record ${record} of the archive is`} not what was written. ${remedy}`,
    { cause, details: { reason: "damaged", record } },
  );

export const notAnArchive = (cause?: unknown): HybridRAGError =>
  new HybridRAGError("unreadable", "This file is no archive; hybridrag export FILE makes one.", {
    cause,
    details: { reason: "not_an_archive" },
  });

export const newer = (found: number, supported: number): HybridRAGError =>
  new HybridRAGError(
    "data_newer",
    `The archive has format ${found}; this version reads up to ${supported}. Update hybridrag to import it.`,
    { details: { found, supported } },
  );

const codeOf = (cause: unknown): string => String((cause as NodeJS.ErrnoException).code ?? "");

/** What went wrong with the file itself, or the error as it came. */
export function fileError(path: string, doing: "read" | "written", cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === "ENOENT" && doing === "read") {
    return new HybridRAGError("not_found", `There is no file ${path}. An export that did not end is named .part.`, {
      cause,
      details: { path },
    });
  }
  if (!/^(E[A-Z]+)$/.test(code)) return cause;
  return new HybridRAGError("invalid_input", `${path} cannot be ${doing} (${code}); name another file or folder.`, {
    cause,
    details: { path, code },
  });
}

/** What `zlib` says of bytes that are not the gzip that was written. */
export function gzipError(cause: unknown, records: number): HybridRAGError | null {
  if (codeOf(cause) === "Z_BUF_ERROR") return truncated();
  if (!codeOf(cause).startsWith("Z_")) return null;
  return records === 0 ? notAnArchive(cause) : damaged(records + 1, cause);
}
