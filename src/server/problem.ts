import { errorCatalogue, HybridRAGError, type ErrorCode } from "../errors.ts";

/** RFC 9457. `errors` point into the body by JSON pointer. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  /** Names that are like the one that is not known, the most alike first. */
  readonly nearest?: readonly string[];
}

export const problemType = "application/problem+json";

/** Titles by HTTP status, so that every problem of one status has one title. */
const titles: Readonly<Record<number, string>> = {
  400: "The request is malformed",
  401: "Who are you?",
  402: "The budget is used up",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  408: "Too slow",
  409: "Conflict",
  413: "Too large",
  414: "The address is too long",
  415: "Unsupported type",
  417: "Not expected",
  422: "Cannot be processed",
  429: "Too many requests",
  431: "The headers are too long",
  500: "Something went wrong",
  502: "A provider failed",
  503: "Not available now",
  504: "Too slow",
};

export interface ProblemReply {
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfterSeconds: number | null;
  /** A fault of ours: log it with its stack, show nothing of it. */
  readonly unexpected: boolean;
}

/** Any thrown value as a reply. Only errors of ours show their message; everything else says only that it failed. */
export function problemOf(error: unknown, requestId: string): ProblemReply {
  if (error instanceof HybridRAGError) return ownProblem(error, requestId);
  const foreign = error as { readonly statusCode?: unknown; readonly code?: unknown } | null;
  const status = typeof foreign?.statusCode === "number" ? foreign.statusCode : 500;
  if (status >= 400 && status < 500) {
    const detail = clientFault[status] ?? "The request cannot be read.";
    return reply(
      status,
      detail,
      status === 413 ? "too_large" : status === 415 ? "unsupported_type" : "invalid_input",
      requestId,
    );
  }
  if (status === 503)
    return { ...reply(503, "Too much work is waiting.", "overloaded", requestId), retryAfterSeconds: 1 };
  return {
    ...reply(500, "An unexpected error; it was logged under this request id.", "unexpected", requestId),
    unexpected: true,
  };
}

const clientFault: Readonly<Record<number, string>> = {
  400: "The request is no HTTP, or its body not the JSON in UTF-8 that is expected.",
  404: "There is nothing at this address.",
  405: "This address does not know this method.",
  408: "The request did not arrive in time.",
  414: "The address, or a name in it, is too long.",
  413: "The body passes the size limit.",
  415: "Send application/json in UTF-8 and not compressed, or multipart/form-data where files are taken.",
  417: "Only 100-continue can be expected.",
  431: "The headers pass the size limit.",
};

function ownProblem(error: HybridRAGError, requestId: string): ProblemReply {
  const { status, fault } = errorCatalogue[error.code];
  const path = error.details["path"];
  const retryAfterMs = error.details["retry_after_ms"];
  const errors = typeof path === "string" ? { errors: [{ pointer: path, detail: error.message }] } : {};
  const { nearest } = error.details;
  const names = Array.isArray(nearest) ? { nearest: nearest as readonly string[] } : {};
  const base = reply(status, error.message, error.code, requestId);
  const wait =
    typeof retryAfterMs === "number" ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : status === 503 ? 1 : null;
  return {
    ...base,
    problem: { ...base.problem, ...errors, ...names },
    retryAfterSeconds: wait,
    unexpected: fault === "operator" && status === 500,
  };
}

/** The clients of OpenAI read `error` and know nothing of problem documents. */
export const withOpenAiError = (problem: Problem) => ({
  ...problem,
  error: {
    message: problem.detail,
    type: problem.status < 500 ? "invalid_request_error" : "server_error",
    code: problem.code,
    param: problem.errors?.[0]?.pointer ?? null,
  },
});

const reply = (status: number, detail: string, code: ErrorCode | "unexpected", requestId: string): ProblemReply => ({
  status,
  problem: {
    type: `urn:hybridrag:problem:${code.replaceAll("_", "-")}`,
    title: titles[status] ?? "The request failed",
    status,
    detail,
    code,
    request_id: requestId,
  },
  retryAfterSeconds: null,
  unexpected: false,
});
