/**
 * Every error HybridRAG throws. `code` is stable and documented in `docs/errors.md`, the message is a sentence that
 * says what to do next, and `details` never hold secrets or document text.
 */

/** Whose turn it is to act: decides the HTTP status and the exit code of the command line. */
export type Fault = "caller" | "operator" | "provider" | "store" | "time";

interface ErrorKind {
  readonly fault: Fault;
  readonly status: number;
  readonly exit: number;
  readonly retryable: boolean;
  readonly meaning: string;
}

const kind = (fault: Fault, status: number, exit: number, retryable: boolean, meaning: string): ErrorKind => ({
  fault,
  status,
  exit,
  retryable,
  meaning,
});

/** The catalogue: code → fault, HTTP status, exit code, whether a repetition may succeed, and what it means. */
export const errorCatalogue = {
  invalid_input: kind("caller", 400, 2, false, "A request or argument is malformed; `details.path` names the place."),
  invalid_filter: kind("caller", 400, 2, false, "A filter does not parse; `details.path` names the place."),
  unauthorized: kind("caller", 401, 1, false, "No credential, or one that is unknown, expired or revoked."),
  forbidden: kind("caller", 403, 1, false, "The credential is valid but lacks the scope for this call."),
  not_found: kind("caller", 404, 1, false, "Nothing with this id exists for this tenant."),
  conflict: kind("caller", 409, 1, false, "The call contradicts one that came before it."),
  idempotency_mismatch: kind("caller", 422, 1, false, "The same idempotency key was used with another body."),
  too_large: kind("caller", 413, 1, false, "The input passes a size limit; `details` holds both numbers."),
  unsupported_type: kind("caller", 415, 1, false, "No reader for this type of content."),
  unreadable: kind("caller", 422, 1, false, "The file is damaged, encrypted or not what its name says."),
  no_text: kind("caller", 422, 1, false, "The file was read and holds no text."),
  rate_limited: kind("caller", 429, 1, true, "Too many requests; `details.retry_after_ms` says when to return."),
  invalid_config: kind("operator", 500, 2, false, "A setting is missing or wrong; the message names it."),
  data_locked: kind("operator", 503, 1, true, "Another process writes to this data folder."),
  data_newer: kind("operator", 500, 1, false, "The data folder or the archive was written by a newer version."),
  data_damaged: kind("operator", 500, 1, false, "The data file is damaged; restore a copy or ingest again."),
  index_mismatch: kind("operator", 409, 1, false, "The index was built with another embedder or chunker."),
  budget_exceeded: kind("operator", 402, 1, false, "The next paid call would pass the ceiling that was set."),
  provider_failed: kind("provider", 502, 1, true, "A model provider failed or answered something unusable."),
  store_failed: kind("store", 503, 1, true, "The store failed; nothing was half written."),
  store_unreachable: kind("store", 503, 1, true, "No server of the store answers where the settings say."),
  store_tls: kind("operator", 500, 1, false, "No encrypted connection to the store: certificates or TLS options."),
  store_credentials: kind("operator", 500, 1, false, "The store refuses the user or the password that is set."),
  store_rights: kind("operator", 500, 1, false, "The store refuses this call to the user that is set."),
  search_absent: kind("operator", 503, 1, false, "The store has no search; `docs/mongodb.md` lists what has."),
  index_absent: kind("operator", 503, 1, false, "A search index does not exist: `hybridrag indexes apply`."),
  index_building: kind("store", 503, 1, true, "A search index is being built: `hybridrag indexes wait`."),
  index_failed: kind("operator", 503, 1, false, "A search index failed to build: `hybridrag indexes status`."),
  not_ready: kind("store", 503, 1, true, "What was written is not searchable yet, or an index lacks a field."),
  overloaded: kind("store", 503, 1, true, "Too much work is waiting; the call was shed."),
  deadline_exceeded: kind("time", 504, 1, true, "The deadline passed before the work was done."),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCatalogue;

/** Values that are safe to print: identifiers, counts, settings' names, paths given by the caller. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface ErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** Overrides the catalogue where the adapter knows better. */
  readonly retryable?: boolean;
}

export class HybridRAGError extends Error {
  override readonly name = "HybridRAGError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? errorCatalogue[code].retryable;
    this.details = options.details ?? {};
  }

  /** The shape that crosses a thread or a wire. The cause stays behind: it may hold foreign text. */
  toJSON(): SerializedError {
    return { code: this.code, message: this.message, retryable: this.retryable, details: this.details };
  }

  static fromJSON(value: SerializedError): HybridRAGError {
    return new HybridRAGError(value.code, value.message, { details: value.details, retryable: value.retryable });
  }
}

export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

export const isHybridRAGError = (error: unknown): error is HybridRAGError => error instanceof HybridRAGError;

/** A message for people out of anything thrown; foreign errors keep only their first line. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n", 1)[0] ?? error.name) : String(error);
