import type { EntityPage, Neighbourhood } from "../graph/entity-page.ts";
import type { EvidencePath } from "../graph/evidence-path.ts";
import type { EditRequest } from "../graph/edit-request.ts";
import type { GraphEditView } from "../graph/list-edits.ts";
import type { FileResult } from "../ingest/ingest-events.ts";
import type { GivenDocument } from "../ingest/sources.ts";
import type { Recollection } from "../memory/agent-memory.ts";
import type { ApiKey, AuditEntry } from "../ports/key-store.ts";
import type { GraphCounts } from "../ports/graph-store.ts";
import type { Answer, AnswerEvent } from "../query/answer/answer-event.ts";
import type { CollectionThemes } from "../query/collection-themes.ts";
import type { SearchResponse } from "../query/search.ts";
import type { Document, Entity, Job, Memory, Message, Metadata, Session } from "../records.ts";
import type { RecalledTurns, RecallTurnsRequest } from "../memory/turns/recall-turns.ts";

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
  /** Without it `source` is a web address, which the service fetches. */
  readonly text?: string;
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
  jobs(
    page?: PageAsked & { readonly state?: Job["state"] },
    call?: CallSettings,
  ): Promise<{ readonly jobs: readonly JobView[]; readonly next: string | null }>;
  cancelJob(jobId: string, call?: CallSettings): Promise<JobView>;
  resumeJob(jobId: string, call?: CallSettings): Promise<JobView>;
  upload(file: Blob, name: string, call?: CallSettings): Promise<FileResult>;
  documents(
    page?: PageAsked,
    call?: CallSettings,
  ): Promise<{ readonly documents: readonly Document[]; readonly next: string | null }>;
  document(documentId: string, call?: CallSettings): Promise<Document & { readonly text: string }>;
  deleteDocument(documentId: string, call?: CallSettings): Promise<void>;
  sessions(
    page?: PageAsked & { readonly userId?: string },
    call?: CallSettings,
  ): Promise<{ readonly sessions: readonly Session[]; readonly next: string | null }>;
  /** Opens a conversation, or refreshes one that exists. */
  openSession(sessionId: string, metadata?: Metadata, call?: CallSettings): Promise<Session>;
  session(sessionId: string, call?: CallSettings): Promise<Session>;
  /** All of them, in their order. */
  messages(sessionId: string, call?: CallSettings): Promise<readonly Message[]>;
  /** Appends all or none. */
  addMessages(
    sessionId: string,
    messages: readonly (Pick<Message, "role" | "content"> & { readonly metadata?: Metadata })[],
    call?: CallSettings,
  ): Promise<readonly Message[]>;
  /** What was said in a conversation that bears on a question. */
  searchSession(
    sessionId: string,
    request: Omit<RecallTurnsRequest, "before">,
    call?: CallSettings,
  ): Promise<RecalledTurns>;
  deleteSession(sessionId: string, call?: CallSettings): Promise<void>;
  /** How large the graph is. */
  graph(call?: CallSettings): Promise<Pick<GraphCounts, "entities" | "relationships" | "passages">>;
  /** In the order of their normalised names. */
  entities(
    page?: PageAsked & { readonly prefix?: string },
    call?: CallSettings,
  ): Promise<{ readonly entities: readonly Entity[]; readonly next: string | null }>;
  /** An unknown name is `not_found`, with the nearest ones in the error's `details.nearest`; so it is with the next three. */
  entity(name: string, call?: CallSettings): Promise<Entity>;
  /** Everything about a name at a glance, with sentences. */
  entityPage(name: string, request?: { readonly limit?: number }, call?: CallSettings): Promise<EntityPage>;
  neighbors(name: string, request?: { readonly limit?: number }, call?: CallSettings): Promise<Neighbourhood>;
  /** The fewest passages that lead from one name to another; `found` says whether any do. */
  path(from: string, to: string, request?: { readonly steps?: number }, call?: CallSettings): Promise<EvidencePath>;
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
  memories(
    agentId: string,
    page?: PageAsked & { readonly type?: string },
    call?: CallSettings,
  ): Promise<{ readonly memories: readonly Memory[]; readonly next: string | null }>;
  /** What an agent remembers that bears on a question, best first. */
  recall(
    agentId: string,
    request: { readonly query: string; readonly limit?: number; readonly type?: string },
    call?: CallSettings,
  ): Promise<readonly Recollection[]>;
  forget(agentId: string, memoryId: string, call?: CallSettings): Promise<void>;
  /** Who did what, newest first; this and the next three need an admin key. */
  audit(
    page?: PageAsked,
    call?: CallSettings,
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }>;
  /** Keys of the tenant. */
  keys(call?: CallSettings): Promise<readonly ShownKey[]>;
  /** The key is in no later answer. */
  createKey(wanted: NewKeyRequest, call?: CallSettings): Promise<ShownKey & { readonly key: string }>;
  revokeKey(keyId: string, call?: CallSettings): Promise<void>;
}

export interface PageAsked {
  readonly limit?: number;
  readonly cursor?: string | null;
}
