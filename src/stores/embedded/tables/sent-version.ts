import type { DocumentVersion } from "../../../ports/store.ts";
import type { NewChunk } from "../../../records.ts";

/** What a chunk has in common with its document is not sent: absent means the same, absent content what the span says. */
type SentChunk = Omit<NewChunk, "document_id" | "title" | "source" | "content"> &
  Partial<Pick<NewChunk, "document_id" | "title" | "source" | "content">>;

/** A version on its way to the writer: its text crosses once, not again in the chunks. */
export interface SentVersion extends Omit<DocumentVersion, "chunks"> {
  readonly chunks: readonly SentChunk[];
}

export function sentVersion({ document, text, graph, chunks }: DocumentVersion): SentVersion {
  return { document, text, graph, chunks: chunks.map((chunk) => sentChunk(chunk, document, text)) };
}

function sentChunk(chunk: NewChunk, document: DocumentVersion["document"], text: string): SentChunk {
  const { document_id, title, source, content, ...rest } = chunk;
  return {
    ...rest,
    ...(document_id === document.document_id ? {} : { document_id }),
    ...(title === document.title ? {} : { title }),
    ...(source === document.source ? {} : { source }),
    ...(content === text.slice(chunk.span.start, chunk.span.end) ? {} : { content }),
  };
}

/** The version as it was sent. */
export const receivedVersion = ({ document, text, graph, chunks }: SentVersion): DocumentVersion => ({
  document,
  text,
  graph,
  chunks: chunks.map((chunk) => ({
    document_id: document.document_id,
    title: document.title,
    source: document.source,
    content: text.slice(chunk.span.start, chunk.span.end),
    ...chunk,
  })),
});
