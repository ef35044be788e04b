import { freezeIndex, commitIndex } from "../index/freeze-index.ts";
import { followLinks } from "../graph/follow-links.ts";
import { walkLinks } from "../graph/walk-links.ts";
import { passageNames } from "../graph/passage-names.ts";
import { linkDensity, weighEntities } from "../graph/link-density.ts";
import { findChunks, searchChunks } from "../search/search-chunks.ts";
import { backUp } from "../sqlite/back-up.ts";
import { claimCached, deleteCached, getCached, incrementCached, setCached, sweepCaches } from "../tables/caches.ts";
import { chunksOfDocument, chunkVectors, getChunks, openingChunks } from "../tables/chunk-reads.ts";
import { countDocuments, documentText, getDocument, listDocuments } from "../tables/document-reads.ts";
import { receivedVersion, type SentVersion } from "../tables/sent-version.ts";
import { deleteDocument, putDocument, restoreDocument } from "../tables/document-writes.ts";
import { countGraph, getEntities, listEntities, mentionsIn, neighbours, pointersIn } from "../tables/graph-reads.ts";
import { addEdit, listEdits } from "../tables/graph-edits.ts";
import { readHealth } from "../tables/health.ts";
import { adoptIdentity, checkIdentity, prepareIndex } from "../tables/identity.ts";
import {
  cancelJob,
  claimJob,
  createJob,
  getJob,
  heartbeatJob,
  listJobs,
  releaseJob,
  resumeJob,
} from "../tables/jobs.ts";
import { appendAudit, findKey, listAudit, listKeys, putKey, revokeKey, useKey } from "../tables/keys.ts";
import {
  countMemories,
  deleteMemory,
  getMemory,
  listMemories,
  putMemory,
  searchMemories,
  sweepMemories,
  touchMemories,
} from "../tables/memories.ts";
import { restoreMemory, storedMemories } from "../tables/stored-memories.ts";
import { keepMessageVectors, messageVectors } from "../tables/message-vectors.ts";
import {
  appendMessages,
  countSessions,
  deleteSession,
  getSession,
  listMessages,
  listSessions,
  openSession,
  restoreSession,
  summarizeSession,
  sweepSessions,
} from "../tables/sessions.ts";
import { wholeVersion } from "../tables/whole-version.ts";
import type { Scope } from "../../../scope.ts";
import type { CallContext } from "./context.ts";

/** What a reader can be asked; each runs inside one read transaction. */
export const reads = {
  health: readHealth,
  "prepare.check": checkIdentity,
  "documents.get": getDocument,
  "documents.text": documentText,
  "documents.list": listDocuments,
  "documents.version": wholeVersion,
  "documents.count": countDocuments,
  "chunks.get": getChunks,
  "chunks.ofDocument": chunksOfDocument,
  "chunks.openings": openingChunks,
  "chunks.vectors": chunkVectors,
  "chunks.search": searchChunks,
  "chunks.find": findChunks,
  "graph.entities": getEntities,
  "graph.list": listEntities,
  "graph.neighbours": neighbours,
  "graph.mentions": mentionsIn,
  "graph.pointers": pointersIn,
  "graph.weigh": weighEntities,
  "graph.links": followLinks,
  "graph.hop": walkLinks,
  "graph.linkDensity": linkDensity,
  "graph.count": countGraph,
  "graph.passageNames": passageNames,
  "graph.edits": listEdits,
  "sessions.get": getSession,
  "sessions.list": listSessions,
  "sessions.messages": listMessages,
  "sessions.vectors": messageVectors,
  "sessions.count": countSessions,
  "memories.get": getMemory,
  "memories.list": listMemories,
  "memories.stored": storedMemories,
  "memories.search": searchMemories,
  "memories.count": countMemories,
  "jobs.get": getJob,
  "jobs.list": listJobs,
  "caches.get": getCached,
  "keys.find": findKey,
  "keys.list": listKeys,
  "audit.list": listAudit,
  "index.freeze": freezeIndex,
  backup: backUp,
} as const;

/** What the writer can be asked; each is a part of its transaction that is undone alone. */
export const writes = {
  prepare: prepareIndex,
  "prepare.adopt": adoptIdentity,
  sweep: (context: CallContext): void => {
    sweepSessions(context);
    sweepMemories(context);
    sweepCaches(context);
  },
  "documents.put": (context: CallContext, scope: Scope, version: SentVersion) =>
    putDocument(context, scope, receivedVersion(version)),
  "documents.restore": restoreDocument,
  "documents.delete": deleteDocument,
  "graph.edit": addEdit,
  "sessions.open": openSession,
  "sessions.append": appendMessages,
  "sessions.keepVectors": keepMessageVectors,
  "sessions.summarize": summarizeSession,
  "sessions.restore": restoreSession,
  "sessions.delete": deleteSession,
  "memories.put": putMemory,
  "memories.touch": touchMemories,
  "memories.restore": restoreMemory,
  "memories.delete": deleteMemory,
  "jobs.create": createJob,
  "jobs.claim": claimJob,
  "jobs.heartbeat": heartbeatJob,
  "jobs.release": releaseJob,
  "jobs.cancel": cancelJob,
  "jobs.resume": resumeJob,
  "caches.set": setCached,
  "caches.claim": claimCached,
  "caches.increment": incrementCached,
  "caches.delete": deleteCached,
  "keys.put": putKey,
  "keys.revoke": revokeKey,
  "keys.used": useKey,
  "audit.append": appendAudit,
  "index.commit": commitIndex,
} as const;

type Operation = (context: never, ...args: never[]) => unknown;

/** Typed calls of a table of operations: the context stays in the worker. */
type Calls<Table extends Readonly<Record<string, Operation>>> = <Name extends keyof Table & string>(
  name: Name,
  args: ArgumentsOf<Table[Name]>,
  options?: { readonly signal?: AbortSignal },
) => Promise<ReturnType<Table[Name]>>;

type ArgumentsOf<Run> = Run extends (context: never, ...args: infer Arguments) => unknown ? Arguments : never;

export type Reads = Calls<typeof reads>;
export type Writes = Calls<typeof writes>;
