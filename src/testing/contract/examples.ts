import { createHash } from "node:crypto";
import type { Page, DocumentVersion, PageRequest } from "../../ports/store.ts";
import type { Assertion, DocumentGraph, Mention, MentionKind, Metadata, NewChunk, PassageLink } from "../../records.ts";
import { contractIdentity } from "./case.ts";

export interface Example {
  readonly id: string;
  /** The contents of the chunks; the text is these, parted by blank lines. */
  readonly parts: readonly string[];
  readonly title?: string;
  readonly source?: string;
  /** Above every chunk. */
  readonly headings?: readonly string[];
  readonly metadata?: Metadata;
  /** One per chunk; by default made of its words. */
  readonly vectors?: readonly (Float32Array | null)[];
  readonly graph?: Partial<DocumentGraph>;
}

/** A whole version of a document out of the few things a case cares about. */
export function versionOf(example: Example): DocumentVersion {
  const { id, parts, title = "", source = `${id}.txt`, headings = [] } = example;
  const metadata = { ...example.metadata, source };
  const text = parts.join("\n\n");
  let start = 0;
  const chunks = parts.map((content, ordinal): NewChunk => {
    const span = { start, end: start + content.length, page: null };
    start = span.end + 2;
    const vector = example.vectors ? (example.vectors[ordinal] ?? null) : vectorOf(content);
    return {
      chunk_id: chunkId(id, ordinal),
      document_id: id,
      ordinal,
      title,
      source,
      content,
      span,
      heading_path: headings,
      token_count: content.split(" ").length,
      metadata,
      vector,
      embedding_hash: hash([title, headings, content]),
    };
  });
  const graph = { mentions: [], links: [], assertions: [], ...example.graph };
  const content_hash = hash([
    title,
    source,
    metadata,
    headings,
    text,
    graph,
    chunks.map(({ vector }) => vector && [...vector]),
  ]);
  return {
    document: { document_id: id, title, source, mime: "text/plain", content_hash, metadata },
    text,
    chunks,
    graph,
  };
}

export const chunkId = (documentId: string, ordinal: number): string => `${documentId}:${ordinal}`;

const hash = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** A unit vector that is a function of the words; texts that share words point alike. */
export function vectorOf(text: string): Float32Array {
  const sums = Array.from({ length: contractIdentity.dimensions }, () => 0.01);
  for (const word of text.toLowerCase().split(/\W+/)) {
    const digest = createHash("sha256").update(word).digest();
    sums.forEach((_, index) => {
      sums[index]! += digest[index]! / 128 - 1;
    });
  }
  return unit(sums);
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

/** A unit vector in the plane of the first two axes; its cosine with angle 0 is that of the angle. */
export const atAngle = (degrees: number): Float32Array =>
  unit([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180), 0, 0, 0, 0, 0, 0]);

export const mention = (chunk_id: string, entity: string, kind: MentionKind = "body", name = entity): Mention => ({
  chunk_id,
  entity,
  name,
  kind,
  type: "thing",
  start: kind === "title" ? null : 0,
  end: kind === "title" ? null : name.length,
});

export const assertion = (chunk_id: string, from: string, to: string, weight = 1, type = "knows"): Assertion => ({
  chunk_id,
  source_entity: from,
  target_entity: to,
  type,
  description: `${from} ${type} ${to}`,
  weight,
  confidence: "high",
});

export const link = (chunk_id: string, target: string, kind: PassageLink["kind"] = "hyperlink"): PassageLink => ({
  chunk_id,
  kind,
  target,
  start: 0,
  end: 1,
});

/** Every item of a listing, read in small pages. */
export async function allPages<T>(read: (request: PageRequest) => Promise<Page<T>>, limit = 3): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await read({ limit, cursor });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}
