import { HybridRAGError } from "../../errors.ts";
import type { CacheStore } from "../../ports/cache-store.ts";
import type { ChunkName, ChunkSearchResult, ChunkStore } from "../../ports/chunk-store.ts";
import type { GraphStore } from "../../ports/graph-store.ts";
import type { JobStore } from "../../ports/job-store.ts";
import type { AuditLog, KeyStore } from "../../ports/key-store.ts";
import type { MemoryStore } from "../../ports/memory-store.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import type { DocumentStore } from "../../ports/store.ts";
import { receivedHop } from "./graph/sent-hop.ts";
import { receivedLinks } from "./graph/sent-links.ts";
import type { SentSearchResult } from "./search/search-chunks.ts";
import { receivedCandidates } from "./search/sent-candidates.ts";
import { sentVersion } from "./tables/sent-version.ts";
import type { Reads, Writes } from "./workers/operations.ts";

/** Each port as calls of the workers: no work is done on the main thread. */

export const documentPort = (read: Reads, write: Writes): DocumentStore => ({
  get: (scope, documentId, options) => read("documents.get", [scope, documentId], options),
  text: (scope, documentId, options) => read("documents.text", [scope, documentId], options),
  list: (scope, request, options) => read("documents.list", [scope, request], options),
  count: (scope, options) => read("documents.count", [scope], options),
  put: (scope, version, options) => write("documents.put", [scope, sentVersion(version)], options),
  delete: (scope, documentId, options) => write("documents.delete", [scope, documentId], options),
  version: (scope, documentId, options) => read("documents.version", [scope, documentId], options),
  restore: (scope, version, options) => write("documents.restore", [scope, version], options),
});

export const chunkPort = (read: Reads): ChunkStore => ({
  get: (scope, chunkIds, options) => read("chunks.get", [scope, chunkIds], options),
  ofDocument: (scope, documentId, options) => read("chunks.ofDocument", [scope, documentId], options),
  openings: (scope, documentIds, count, options) => read("chunks.openings", [scope, documentIds, count], options),
  vectors: (scope, documentId, options) => read("chunks.vectors", [scope, documentId], options),
  search: async (scope, request, options) => received(await read("chunks.search", [scope, request], options)),
  find: async (scope, request, options) => received(await read("chunks.find", [scope, request], options)),
});

/** Errors cross a thread as data; here they become errors again. */
const received = <Known extends ChunkName>({
  vector,
  text,
  candidates,
  allowed,
}: SentSearchResult<Known>): ChunkSearchResult<Known> => ({
  candidates: receivedCandidates(candidates),
  allowed,
  vector: vector && { ...vector, error: vector.error && HybridRAGError.fromJSON(vector.error) },
  text: text && { ...text, error: text.error && HybridRAGError.fromJSON(text.error) },
});

export const graphPort = (read: Reads, write: Writes): GraphStore => ({
  entities: (scope, names, options) => read("graph.entities", [scope, names], options),
  list: (scope, request, options) => read("graph.list", [scope, request], options),
  neighbours: (scope, request, options) => read("graph.neighbours", [scope, request], options),
  mentions: (scope, chunkIds, options) => read("graph.mentions", [scope, chunkIds], options),
  pointers: (scope, chunkIds, options) => read("graph.pointers", [scope, chunkIds], options),
  weigh: (scope, names, options) => read("graph.weigh", [scope, names], options),
  links: async (scope, request, options) => receivedLinks(await read("graph.links", [scope, request], options)),
  hop: async (scope, request, options) => receivedHop(request.hits, await read("graph.hop", [scope, request], options)),
  linkDensity: (scope, options) => read("graph.linkDensity", [scope], options),
  count: (scope, options) => read("graph.count", [scope], options),
  passageNames: (scope, request, options) => read("graph.passageNames", [scope, request], options),
  edits: (scope, options) => read("graph.edits", [scope], options),
  edit: (scope, edit, after, options) => write("graph.edit", [scope, edit, after], options),
});

export const sessionPort = (read: Reads, write: Writes): SessionStore => ({
  open: (scope, request, options) => write("sessions.open", [scope, request], options),
  get: (scope, sessionId, options) => read("sessions.get", [scope, sessionId], options),
  list: (scope, request, options) => read("sessions.list", [scope, request], options),
  append: (scope, sessionId, messages, options) =>
    write("sessions.append", [scope, sessionId, messages, options?.ttlMs ?? null], options),
  messages: (scope, sessionId, request, options) => read("sessions.messages", [scope, sessionId, request], options),
  vectors: (scope, sessionId, request, options) => read("sessions.vectors", [scope, sessionId, request], options),
  keepVectors: (scope, sessionId, vectors, options) =>
    write("sessions.keepVectors", [scope, sessionId, vectors], options),
  summarize: (scope, sessionId, summary, upTo, options) =>
    write("sessions.summarize", [scope, sessionId, summary, upTo], options),
  restore: (scope, session, messages, options) => write("sessions.restore", [scope, session, messages], options),
  delete: (scope, sessionId, options) => write("sessions.delete", [scope, sessionId], options),
  count: (scope, options) => read("sessions.count", [scope], options),
});

export const memoryPort = (read: Reads, write: Writes): MemoryStore => ({
  put: (scope, memory, options) => write("memories.put", [scope, memory], options),
  get: (scope, agentId, memoryId, options) => read("memories.get", [scope, agentId, memoryId], options),
  list: (scope, agentId, request, options) => read("memories.list", [scope, agentId, request], options),
  search: (scope, agentId, request, options) => read("memories.search", [scope, agentId, request], options),
  touch: (scope, agentId, memoryIds, options) => write("memories.touch", [scope, agentId, memoryIds], options),
  stored: (scope, request, options) => read("memories.stored", [scope, request], options),
  restore: (scope, memory, options) => write("memories.restore", [scope, memory], options),
  delete: (scope, agentId, memoryId, options) => write("memories.delete", [scope, agentId, memoryId], options),
  count: (scope, agentId, options) => read("memories.count", [scope, agentId], options),
});

export const jobPort = (read: Reads, write: Writes): JobStore => ({
  create: (scope, job, options) => write("jobs.create", [scope, job], options),
  get: (scope, jobId, options) => read("jobs.get", [scope, jobId], options),
  list: (scope, request, options) => read("jobs.list", [scope, request], options),
  claim: (request, options) => write("jobs.claim", [request], options),
  heartbeat: (scope, request, options) => write("jobs.heartbeat", [scope, request], options),
  release: (scope, request, options) => write("jobs.release", [scope, request], options),
  cancel: (scope, jobId, options) => write("jobs.cancel", [scope, jobId], options),
  resume: (scope, jobId, options) => write("jobs.resume", [scope, jobId], options),
});

export const cachePort = (read: Reads, write: Writes): CacheStore => ({
  get: (scope, space, key, options) => read("caches.get", [scope, space, key], options),
  set: (scope, space, key, value, ttlMs, options) => write("caches.set", [scope, space, key, value, ttlMs], options),
  claim: (scope, space, key, value, ttlMs, options) =>
    write("caches.claim", [scope, space, key, value, ttlMs], options),
  increment: (scope, space, key, by, ttlMs, options) =>
    write("caches.increment", [scope, space, key, by, ttlMs], options),
  delete: (scope, space, key, options) => write("caches.delete", [scope, space, key], options),
});

export const keyPort = (read: Reads, write: Writes): KeyStore => ({
  put: (key, options) => write("keys.put", [key], options),
  find: (keyId, options) => read("keys.find", [keyId], options),
  list: (scope, options) => read("keys.list", [scope], options),
  revoke: (scope, keyId, at, options) => write("keys.revoke", [scope, keyId, at], options),
  used: (scope, keyId, at, options) => write("keys.used", [scope, keyId, at], options),
});

export const auditPort = (read: Reads, write: Writes): AuditLog => ({
  append: (scope, entry, options) => write("audit.append", [scope, entry], options),
  list: (scope, request, options) => read("audit.list", [scope, request], options),
});
