import { HybridRAGError, errorCatalogue, type ErrorCode } from "../errors.ts";
import type { FileResult } from "../ingest/ingest-events.ts";
import type { Recollection } from "../memory/agent-memory.ts";
import type { Message } from "../records.ts";
import type { CallSettings, Client, ClientOptions, PageAsked, ShownKey } from "./client-types.ts";
import { readEvents } from "./read-events.ts";

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
    jobs: (page = {}, call) => json("GET", `/v1/jobs?${pageQuery(page, { state: page.state })}`, undefined, call),
    cancelJob: (jobId, call) => json("POST", at("jobs", jobId, "cancel"), undefined, call),
    resumeJob: (jobId, call) => json("POST", at("jobs", jobId, "resume"), undefined, call),
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
    sessions: (page = {}, call) =>
      json("GET", `/v1/sessions?${pageQuery(page, { user_id: page.userId })}`, undefined, call),
    openSession: (session_id, metadata = {}, call) => json("POST", at("sessions"), { session_id, metadata }, call),
    messages: async (sessionId, call) => {
      const all: Message[] = [];
      for (let after: number | null = 0; after !== null;) {
        const path = `${at("sessions", sessionId, "messages")}?limit=1000&after=${after}`;
        const page: MessagePage = await json("GET", path, undefined, call);
        all.push(...page.messages);
        after = page.next;
      }
      return all;
    },
    addMessages: async (sessionId, messages, call) =>
      (await json<MessagePage>("POST", at("sessions", sessionId, "messages"), { messages }, call)).messages,
    searchSession: (sessionId, request, call) => json("POST", at("sessions", sessionId, "search"), request, call),
    deleteSession: (sessionId, call) => json("DELETE", at("sessions", sessionId), undefined, call),
    graph: (call) => json("GET", at("graph"), undefined, call),
    entities: (page = {}, call) =>
      json("GET", `/v1/graph/entities?${pageQuery(page, { prefix: page.prefix })}`, undefined, call),
    entity: (name, call) => json("GET", at("graph", "entities", name), undefined, call),
    entityPage: (name, { limit = 10 } = {}, call) =>
      json("GET", `${at("graph", "entities", name, "page")}?limit=${limit}`, undefined, call),
    neighbors: (name, { limit = 50 } = {}, call) =>
      json("GET", `${at("graph", "entities", name, "neighbors")}?limit=${limit}`, undefined, call),
    path: (from, to, { steps } = {}, call) => {
      const asked = new URLSearchParams({ from, to, ...(steps === undefined ? {} : { steps: String(steps) }) });
      return json("GET", `/v1/graph/path?${asked}`, undefined, call);
    },
    exportGraph: (format = "graphml", call) => pieces(`/v1/graph/export?format=${format}`, "*/*", call),
    communities: ({ limit = 10, filters } = {}, call) => {
      const asked = { limit: String(limit), ...(filters ? { filters: JSON.stringify(filters) } : {}) };
      return json("GET", `/v1/graph/communities?${new URLSearchParams(asked)}`, undefined, call);
    },
    editGraph: (request, call) => json("POST", at("graph", "edits"), request, call),
    undoGraphEdit: (editId, call) => json("DELETE", at("graph", "edits", editId), undefined, call),
    graphEdits: (page, call) => json("GET", `/v1/graph/edits?${pageQuery(page)}`, undefined, call),
    remember: (agentId, memory, call) => json("POST", at("agents", agentId, "memories"), memory, call),
    memories: (agentId, page = {}, call) =>
      json("GET", `${at("agents", agentId, "memories")}?${pageQuery(page, { type: page.type })}`, undefined, call),
    recall: async (agentId, request, call) => {
      const path = at("agents", agentId, "memories", "search");
      return (await json<{ readonly memories: readonly Recollection[] }>("POST", path, request, call)).memories;
    },
    forget: (agentId, memoryId, call) => json("DELETE", at("agents", agentId, "memories", memoryId), undefined, call),
    audit: (page, call) => json("GET", `/v1/audit?${pageQuery(page)}`, undefined, call),
    keys: async (call) => (await json<{ readonly keys: readonly ShownKey[] }>("GET", at("keys"), undefined, call)).keys,
    createKey: (wanted, call) => json("POST", at("keys"), wanted, call),
    revokeKey: (keyId, call) => json("DELETE", at("keys", keyId), undefined, call),
  };
}

interface MessagePage {
  readonly messages: readonly Message[];
  readonly next: number | null;
}

function pageQuery(
  { limit = 50, cursor }: PageAsked = {},
  more: Readonly<Record<string, string | undefined>> = {},
): URLSearchParams {
  const asked = { limit: String(limit), cursor: cursor ?? undefined, ...more };
  const given = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given);
}

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
  const { code, detail, errors, nearest } = (value ?? {}) as {
    readonly code?: string;
    readonly detail?: string;
    readonly errors?: readonly { readonly pointer: string }[];
    readonly nearest?: readonly string[];
  };
  const known = code !== undefined && Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : "store_failed";
  const path = errors?.[0]?.pointer;
  return new HybridRAGError(known, detail ?? "The service answered something that is no answer of it.", {
    details: { ...(path === undefined ? {} : { path }), ...(nearest ? { nearest } : {}) },
  });
}
