import type { HybridRAGError } from "../errors.ts";
import type { StoredMemory } from "../ports/memory-store.ts";
import type { StoredVersion } from "../ports/store.ts";
import type { Document, GraphEdit, Message, Session } from "../records.ts";
import { damaged } from "./archive-error.ts";
import type { ArchivedChunk, BodyRecord } from "./record.ts";

/** What is restored at once. */
export type Whole =
  | { readonly kind: "document"; readonly version: StoredVersion }
  | { readonly kind: "session"; readonly session: Session; readonly messages: readonly Message[] }
  | { readonly kind: "edits"; readonly edits: readonly GraphEdit[] }
  | { readonly kind: "memory"; readonly memory: StoredMemory };

type RecordOf<Kind extends BodyRecord["kind"]> = Extract<BodyRecord, { readonly kind: Kind }>;

/** Joins the records of each document and each session: its first says how much follows. */
export async function* wholeRecords(records: AsyncIterable<BodyRecord>): AsyncGenerator<Whole, void> {
  const source = recordSource(records);
  for (let record = await source.next(); record !== null; record = await source.next()) {
    if (record.kind === "document") yield await wholeDocument(record.document, source);
    else if (record.kind === "session") yield await wholeSession(record.session, source);
    else if (record.kind === "edits") yield record;
    else if (record.kind === "memory")
      yield { kind: "memory", memory: { memory: record.memory, vector: record.vector } };
    else throw source.fault();
  }
}

interface RecordSource {
  next(): Promise<BodyRecord | null>;
  /** The next record, which must be of this kind. */
  expect<Kind extends BodyRecord["kind"]>(kind: Kind): Promise<RecordOf<Kind>>;
  /** Says that the last record does not belong where it stands. */
  fault(): HybridRAGError;
}

function recordSource(records: AsyncIterable<BodyRecord>): RecordSource {
  const iterator = records[Symbol.asyncIterator]();
  // The header was the first.
  let number = 1;
  const source: RecordSource = {
    next: async () => {
      number += 1;
      const result = await iterator.next();
      return result.done ? null : result.value;
    },
    expect: async <Kind extends BodyRecord["kind"]>(kind: Kind) => {
      const record = await source.next();
      if (record?.kind !== kind) throw source.fault();
      return record as RecordOf<Kind>;
    },
    fault: () => damaged(number),
  };
  return source;
}

async function wholeDocument(document: Document, source: RecordSource): Promise<Whole> {
  let text = "";
  while (text.length < document.characters) text += (await source.expect("text")).text;
  const chunks: ArchivedChunk[] = [];
  while (chunks.length < document.chunks) chunks.push(...(await source.expect("chunks")).chunks);
  if (text.length !== document.characters || chunks.length !== document.chunks) throw source.fault();
  return { kind: "document", version: versionOf(document, text, chunks) };
}

async function wholeSession(session: Session, source: RecordSource): Promise<Whole> {
  const messages: Message[] = [];
  while (messages.length < session.messages) messages.push(...(await source.expect("messages")).messages);
  const isGapFree = messages.every(({ sequence }, index) => sequence === index + 1);
  if (messages.length !== session.messages || !isGapFree) throw source.fault();
  return { kind: "session", session, messages };
}

const versionOf = (document: Document, text: string, archived: readonly ArchivedChunk[]): StoredVersion => ({
  document,
  text,
  chunks: archived.map(({ mentions: _m, links: _l, assertions: _a, ...chunk }) => chunk),
  graph: {
    mentions: archived.flatMap((chunk) => chunk.mentions),
    links: archived.flatMap((chunk) => chunk.links),
    assertions: archived.flatMap((chunk) => chunk.assertions),
  },
});
