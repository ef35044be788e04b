import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { StoredMemory } from "../ports/memory-store.ts";
import type { Store } from "../ports/store.ts";
import type { GraphChange, Session } from "../records.ts";
import type { Scope } from "../scope.ts";
import { documentExample, metadata, sentence, type DocumentExample } from "../testing/arbitraries.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { assertion, chunkId, link, mention, vectorOf, versionOf } from "../testing/contract/examples.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { exportArchive } from "./index.ts";

/** Everything that a tenant may have, as plain data. */
export interface WorldExample {
  readonly documents: readonly DocumentExample[];
  readonly sessions: readonly { readonly session: Session; readonly contents: readonly string[] }[];
  readonly memories: readonly StoredMemory[];
  readonly edits?: readonly GraphChange[];
}

const edit = (): fc.Arbitrary<GraphChange> =>
  fc.constantFrom<GraphChange>(
    { kind: "merge", entity: "kafka", into: "lag" },
    { kind: "rename", entity: "lag", into: "delay", name: "Délay" },
    {
      kind: "split",
      entity: "topic",
      into: "subject",
      name: "subject",
      chunk_ids: ["x"],
      document_ids: ["d0", "d𐍈"],
      spellings: ["topic"],
    },
    { kind: "delete", entity: "topic" },
    { kind: "undo", edit_id: "e0" },
  );

const instant = fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString());
const later = fc.constantFrom("2199-01-01T00:00:00.000Z", "2150-06-01T12:00:00.123Z");

const session = (): fc.Arbitrary<Session> =>
  fc.record({
    session_id: fc.constantFrom("s1", "s2", "s𐍈", "sﬀ"),
    metadata: metadata(),
    summary: sentence(),
    summarized_to: fc.nat(3),
    messages: fc.constant(0),
    created_at: instant,
    updated_at: instant,
    expires_at: later,
  });

const memory = (): fc.Arbitrary<StoredMemory> =>
  fc
    .record({
      memory_id: fc.constantFrom("m1", "m2", "m𐍈"),
      agent_id: fc.constantFrom("a", "b", "ﬀ", "𐍈"),
      type: fc.constantFrom("fact", "preference"),
      content: sentence(),
      importance: fc.double({ min: 0, max: 1, noNaN: true }),
      metadata: metadata(),
      valid_from: fc.option(instant),
      valid_to: fc.option(instant),
      access_count: fc.nat(),
      accessed_at: fc.option(instant),
      created_at: instant,
      updated_at: instant,
      expires_at: fc.option(later),
    })
    .map((record) => ({ memory: record, vector: record.access_count % 3 === 0 ? null : vectorOf(record.content) }));

export const world = (): fc.Arbitrary<WorldExample> =>
  fc.record({
    documents: fc.array(documentExample(), { maxLength: 4 }),
    sessions: fc.uniqueArray(fc.record({ session: session(), contents: fc.array(sentence(), { maxLength: 4 }) }), {
      maxLength: 3,
      selector: (one) => one.session.session_id,
    }),
    memories: fc.uniqueArray(memory(), {
      maxLength: 5,
      selector: (one) => `${one.memory.agent_id} ${one.memory.memory_id}`,
    }),
    edits: fc.array(edit(), { maxLength: 4 }),
  });

/** Puts a world into a tenant; the third document is put twice, so that versions differ. */
export async function build(store: Store, scope: Scope, example: WorldExample): Promise<void> {
  for (const [index, document] of example.documents.entries()) {
    const id = `d${index}`;
    const [first, last] = [chunkId(id, 0), chunkId(id, document.parts.length - 1)];
    const graph = {
      mentions: [mention(first, "kafka", "title"), mention(last, "lag"), mention(last, "topic")],
      links: [link(last, "d0.txt")],
      assertions: [assertion(first, "kafka", "lag", 0.1)],
    };
    if (index === 2) await store.documents.put(scope, versionOf({ id, parts: ["before"] }));
    const vectors = index === 1 ? document.parts.map(() => null) : undefined;
    await store.documents.put(scope, versionOf({ id, ...document, graph, ...(vectors ? { vectors } : {}) }));
  }
  for (const [index, change] of (example.edits ?? []).entries()) {
    const edit = { edit_id: `e${index}`, actor: "owner", created_at: "2026-01-01T00:00:00.000Z", change };
    await store.graph.edit(scope, edit, index);
  }
  for (const { session: one, contents } of example.sessions) {
    const messages = contents.map((content, index) => ({
      session_id: one.session_id,
      sequence: index + 1,
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content,
      metadata: { index },
      created_at: one.created_at,
    }));
    await store.sessions.restore(scope, { ...one, messages: contents.length }, messages);
  }
  for (const one of example.memories) await store.memories.restore(scope, one);
}

/** A reference store for the identity of the contract. */
export async function preparedMemoryStore(): Promise<Store> {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  return store;
}

/** A folder that is removed with the test. */
export async function folder(t: { after(end: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "hybridrag-archive-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

export const linesOf = async (path: string): Promise<readonly string[]> =>
  gunzipSync(await readFile(path))
    .toString("utf8")
    .split("\n")
    .slice(0, -1);

export const writeLines = (path: string, lines: readonly string[]): Promise<void> =>
  writeFile(path, gzipSync(lines.map((line) => `${line}\n`).join("")));

/** Everything of the tenant, line by line, in the one order that an archive has. */
export async function archived(store: Store, scope: Scope, path: string): Promise<readonly string[]> {
  await exportArchive({ store, scope, path });
  return linesOf(path);
}

/** A world in which every kind of record stands. */
export const fixedWorld: WorldExample = {
  documents: ["first", "second", "third"].map((title, index) => ({
    title,
    headings: ["One"],
    parts: [`${title} part`, "kafka lag", "broker topic"].slice(0, index + 1),
    metadata: { color: "red", access: ["ann"] },
  })),
  edits: [
    { kind: "rename", entity: "lag", into: "delay", name: "Delay" },
    { kind: "delete", entity: "topic" },
    { kind: "undo", edit_id: "e1" },
  ],
  sessions: ["s1", "s2"].map((session_id) => ({
    session: {
      session_id,
      metadata: { user_id: "u" },
      summary: "so far",
      summarized_to: 1,
      messages: 0,
      created_at: "2020-01-01T00:00:00.000Z",
      updated_at: "2021-01-01T00:00:00.000Z",
      expires_at: "2199-01-01T00:00:00.000Z",
    },
    contents: ["question", "answer"],
  })),
  memories: ["m1", "m2"].map((memory_id) => ({
    memory: {
      memory_id,
      agent_id: "agent",
      type: "fact",
      content: "likes tea",
      importance: 0.5,
      metadata: {},
      valid_from: null,
      valid_to: null,
      access_count: 3,
      accessed_at: "2021-01-01T00:00:00.000Z",
      created_at: "2020-01-01T00:00:00.000Z",
      updated_at: "2020-01-01T00:00:00.000Z",
      expires_at: null,
    },
    vector: vectorOf("likes tea"),
  })),
};
