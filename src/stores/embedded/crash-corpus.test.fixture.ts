import type { DocumentVersion } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";

export const crashScope = ownerScope("crash");

const words = ["walrus", "heron", "otter", "badger", "falcon", "lynx", "marten", "plover"];

/** Always the same document for the same number: two chunks, with vectors, a name and a statement. */
export function crashVersion(number: number): DocumentVersion {
  const document_id = `d${number}`;
  const parts = [0, 1].map((part) => `${words[(number + part) % 8]} ${words[(number * 3 + part) % 8]} n${number}.`);
  const text = parts.join(" ");
  const metadata = { source: `${document_id}.txt`, group: number % 5 };
  const chunks = parts.map((content, ordinal) => {
    const start = text.indexOf(content);
    const chunk_id = `${document_id}:${ordinal}`;
    const span = { start, end: start + content.length, page: null };
    const vector = vectorOf(number * 2 + ordinal);
    const more = { heading_path: [], token_count: 3, embedding_hash: chunk_id, title: document_id };
    return { chunk_id, document_id, ordinal, source: metadata.source, content, span, metadata, vector, ...more };
  });
  const at = { chunk_id: chunks[0]!.chunk_id };
  const entity = words[number % 8]!;
  const other = words[(number + 1) % 8]!;
  return {
    document: {
      document_id,
      title: document_id,
      source: metadata.source,
      mime: "text/plain",
      content_hash: document_id,
      metadata,
    },
    text,
    chunks,
    graph: {
      mentions: [{ ...at, entity, name: entity, kind: "body", type: "animal", start: 0, end: entity.length }],
      links: [],
      assertions: [
        {
          ...at,
          source_entity: entity,
          target_entity: other,
          type: "near",
          description: "",
          weight: 1,
          confidence: "low",
        },
      ],
    },
  };
}

export const vectorOf = (seed: number): Float32Array => {
  const raw = Float32Array.from({ length: 8 }, (_none, i) => Math.sin(seed * 1.7 + i * 2.3));
  const length = Math.hypot(...raw);
  return raw.map((x) => x / length);
};
