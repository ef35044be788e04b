import { createHash } from "node:crypto";
import { compareText } from "../../filter/matches.ts";
import type { PassageNames, PassageNamesRequest } from "../../ports/graph-store.ts";
import { textList } from "../../text/text-list.ts";
import { distinct, type SeenGraph } from "./seen-graph.ts";

export function passageNames(graph: SeenGraph, { limit, known }: PassageNamesRequest): PassageNames | null {
  const mentions = Map.groupBy(graph.mentions, (mention) => mention.chunk_id);
  const chunks = [...graph.chunks.values()].toSorted((a, b) => compareText(a.chunk_id, b.chunk_id)).slice(0, limit);
  const own = chunks.map(({ chunk_id }) => distinct((mentions.get(chunk_id) ?? []).map((mention) => mention.entity)));
  const names = [...new Set(own.flat())];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const documents = [...new Set(chunks.map((chunk) => chunk.document_id))];
  const told = JSON.stringify([
    graph.chunks.size,
    chunks.map(({ chunk_id, document_id }) => [chunk_id, document_id]),
    own,
  ]);
  const revision = createHash("sha256").update(told).digest("hex");
  if (revision === known) return null;
  let end = 0;
  return {
    revision,
    total: graph.chunks.size,
    passages: textList(chunks.map((chunk) => chunk.chunk_id)),
    documents: Uint32Array.from(chunks, (chunk) => documents.indexOf(chunk.document_id)),
    names: textList(names),
    ends: Uint32Array.from(own, (some) => (end += some.length)),
    mentioned: Uint32Array.from(own.flat(), (name) => numbers.get(name)!),
  };
}
