import { HybridRAGError, errorCatalogue, type ErrorCode } from "../errors.ts";
import type { EditRequest } from "../graph/edit-request.ts";
import type { GraphEditView } from "../graph/list-edits.ts";
import type { Answer, AnswerEvent } from "../query/answer/answer-event.ts";
import type { CollectionThemes } from "../query/collection-themes.ts";
import type { SearchResponse } from "../query/search.ts";
import type { FileResult } from "../ingest/ingest-events.ts";
import type { GivenDocument } from "../ingest/sources.ts";
import type { Document, Job, Memory, Message, Metadata, Session } from "../records.ts";
import type { ApiKey } from "../ports/key-store.ts";
import { readEvents } from "./read-events.ts";

export interface ClientOptions {
  /** Where the service is, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** An API key or a token; none for a service in development mode. */
  readonly apiKey?: string;
  readonly fetch?: typeof globalThis.fetch;
}

/** The body of a search or a question; what is absent is left to the service's settings. */
export interface Question {
  readonly query: string;
  readonly top_k?: number;
  readonly mode?: "vector" | "text" | "hybrid" | "local" | "global" | "mix" | "bypass";
  readonly session_id?: string;
  /** Conditions on documents and metadata in MongoDB's familiar form. */
  readonly filters?: Readonly<Record<string, unknown>>;
  readonly explain?: boolean;
}

export interface AskedQuestion extends Question {
  /** An agent whose memories go to the model that writes the answer. */
  readonly agent_id?: string;
}

export interface NewDocument extends Pick<GivenDocument, "source" | "document_id" | "title" | "mime"> {
  readonly text: string;
  readonly metadata?: Metadata;
}

/** A key as it is listed: everything but its secret. */
export type ShownKey = Omit<ApiKey, "secret_hash">;

export interface NewKeyRequest extends Pick<ApiKey, "name" | "scopes" | "principals"> {
  readonly expires_at?: string | null;
}

export interface CallSettings {
  readonly signal?: AbortSignal;
  /** A repetition with the same key gets the first answer. */
  readonly idempotencyKey?: string;
}

type JobView = Omit<Job, "input" | "owner" | "lease_until">;

/** The service as functions. Each throws the `HybridRAGError` that the service describes. */
export interface Client {
  search(question: Question, call?: CallSettings): Promise<SearchResponse>;
  ask(question: AskedQuestion, call?: CallSettings): Promise<Answer>;
  /** Events as they come; the first is `sources`, the last `end`. Breaking out of the loop cancels the work. */
  stream(question: AskedQuestion, call?: CallSettings): AsyncIterable<AnswerEvent>;
  ingest(documents: readonly NewDocument[], call?: CallSettings): Promise<JobView>;
  job(jobId: string, call?: CallSettings): Promise<JobView>;
  /** States of a job until it has ended or is paused. */
  followJob(jobId: string, call?: CallSettings): AsyncIterable<JobView>;
  upload(file: Blob, name: string, call?: CallSettings): Promise<FileResult>;
  documents(
    page?: PageAsked,
    call?: CallSettings,
  ): Promise<{ readonly documents: readonly Document[]; readonly next: string | null }>;
  document(documentId: string, call?: CallSettings): Promise<Document & { readonly text: string }>;
  deleteDocument(documentId: string, call?: CallSettings): Promise<void>;
  session(sessionId: string, call?: CallSettings): Promise<Session>;
  messages(sessionId: string, call?: CallSettings): Promise<readonly Message[]>;
  deleteSession(sessionId: string, call?: CallSettings): Promise<void>;
  /** The graph as text in pieces, as the service reads it; breaking out of the loop ends it. */
  exportGraph(format?: "graphml" | "json", call?: CallSettings): AsyncIterable<string>;
  /** What the documents are about. */
  communities(
    request?: { readonly limit?: number; readonly filters?: Question["filters"] },
    call?: CallSettings,
  ): Promise<Omit<CollectionThemes, "usage">>;
  /** Merges, renames, splits or deletes an entity of the graph. */
  editGraph(request: EditRequest, call?: CallSettings): Promise<GraphEditView>;
  undoGraphEdit(editId: string, call?: CallSettings): Promise<GraphEditView>;
  graphEdits(
    page?: PageAsked,
    call?: CallSettings,
  ): Promise<{ readonly edits: readonly GraphEditView[]; readonly next: string | null }>;
  remember(
    agentId: string,
    memory: { readonly content: string } & Partial<Memory>,
    call?: CallSettings,
  ): Promise<Memory>;
  /** Keys of the tenant; this and the next two need an admin key. */
  keys(call?: CallSettings): Promise<readonly ShownKey[]>;
  /** The key is in no later answer. */
  createKey(wanted: NewKeyRequest, call?: CallSettings): Promise<ShownKey & { readonly key: string }>;
  revokeKey(keyId: string, call?: CallSettings): Promise<void>;
}

export function createClient(options: ClientOptions): Client {
  const send = sender(options);
  const json = async <T>(method: string, path: string, body?: unknown, call?: CallSettings): Promise<T> => {
    const response = await send(method, path, { body, accept: "application/json", ...call });
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  const at = (...steps: readonly string[]): string => `/v1/${steps.map(encodeURIComponent).join("/")}`;

  async function* events<T>(method: string, path: string, body: unknown, call?: CallSettings): AsyncGenerator<T> {
    const response = await send(method, path, { body, accept: "text/event-stream", ...call });
    for await (const { event, data } of readEvents(response)) {
      if (event === "error") throw problemError(data);
      yield (method === "GET" ? data : { type: event, ...(data as object) }) as T;
    }
  }

  async function* pieces(path: string, accept: string, call?: CallSettings): AsyncGenerator<string> {
    const response = await send("GET", path, { accept, ...call });
    for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) yield piece;
  }

  return {
    search: (question, call) => json("POST", "/v1/search", question, call),
    ask: (question, call) => json("POST", "/v1/query", question, call),
    stream: (question, call) => events("POST", "/v1/query", question, call),
    ingest: (documents, call) => json("POST", "/v1/ingest", { documents }, call),
    job: (jobId, call) => json("GET", at("jobs", jobId), undefined, call),
    followJob: (jobId, call) => events("GET", at("jobs", jobId), undefined, call),
    upload: async (file, name, call) => {
      const form = new FormData();
      form.append("file", file, name);
      const response = await send("POST", "/v1/documents", { form, accept: "application/json", ...call });
      return (await response.json()) as FileResult;
    },
    documents: (page, call) => json("GET", `/v1/documents?${pageQuery(page)}`, undefined, call),
    document: (documentId, call) => json("GET", at("documents", documentId), undefined, call),
    deleteDocument: (documentId, call) => json("DELETE", at("documents", documentId), undefined, call),
    session: (sessionId, call) => json("GET", at("sessions", sessionId), undefined, call),
    messages: async (sessionId, call) => {
      const path = `${at("sessions", sessionId, "messages")}?limit=1000`;
      return (await json<{ readonly messages: readonly Message[] }>("GET", path, undefined, call)).messages;
    },
    deleteSession: (sessionId, call) => json("DELETE", at("sessions", sessionId), undefined, call),
    exportGraph: (format = "graphml", call) => pieces(`/v1/graph/export?format=${format}`, "*/*", call),
    communities: ({ limit = 10, filters } = {}, call) => {
      const asked = { limit: String(limit), ...(filters ? { filters: JSON.stringify(filters) } : {}) };
      return json("GET", `/v1/graph/communities?${new URLSearchParams(asked)}`, undefined, call);
    },
    editGraph: (request, call) => json("POST", at("graph", "edits"), request, call),
    undoGraphEdit: (editId, call) => json("DELETE", at("graph", "edits", editId), undefined, call),
    graphEdits: (page, call) => json("GET", `/v1/graph/edits?${pageQuery(page)}`, undefined, call),
    remember: (agentId, memory, call) => json("POST", at("agents", agentId, "memories"), memory, call),
    keys: async (call) => (await json<{ readonly keys: readonly ShownKey[] }>("GET", at("keys"), undefined, call)).keys,
    createKey: (wanted, call) => json("POST", at("keys"), wanted, call),
    revokeKey: (keyId, call) => json("DELETE", at("keys", keyId), undefined, call),
  };
}

interface PageAsked {
  readonly limit?: number;
  readonly cursor?: string | null;
}

const pageQuery = ({ limit = 50, cursor }: PageAsked = {}): URLSearchParams =>
  new URLSearchParams({ limit: String(limit), ...(cursor ? { cursor } : {}) });

interface Sending extends CallSettings {
  readonly body?: unknown;
  readonly form?: FormData;
  readonly accept: string;
}

function sender({ url, apiKey, fetch = globalThis.fetch }: ClientOptions) {
  const base = url.replace(/\/$/, "");
  return async (method: string, path: string, sending: Sending): Promise<Response> => {
    const { body, form, accept, signal, idempotencyKey } = sending;
    const headers = {
      accept,
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    };
    const content = form ?? (body === undefined ? null : JSON.stringify(body));
    const response = await fetch(`${base}${path}`, { method, headers, body: content, ...(signal ? { signal } : {}) });
    if (response.ok) return response;
    throw problemError(await response.json().catch(() => null));
  };
}

/** A problem document as the error that it came from. */
function problemError(value: unknown): HybridRAGError {
  const { code, detail, errors } = (value ?? {}) as {
    readonly code?: string;
    readonly detail?: string;
    readonly errors?: readonly { readonly pointer: string }[];
  };
  const known = code !== undefined && Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : "store_failed";
  const path = errors?.[0]?.pointer;
  return new HybridRAGError(known, detail ?? "The service answered something that is no answer of it.", {
    details: path === undefined ? {} : { path },
  });
}
