import type { ChunkName } from "../ports/chunk-store.ts";
import type { FusedHit } from "./fusion.ts";

/** Pages that were given as documents of their own are parts of one: "report.pdf#p7" of "report.pdf", as in addresses. */
export const wholeOf = (documentId: string): string => {
  const mark = documentId.indexOf("#");
  return mark > 0 ? documentId.slice(0, mark) : documentId;
};

export const documentOf = ({ candidate }: FusedHit<ChunkName>): string => wholeOf(candidate.chunk.document_id);

/** Pages on which a document says what it is. */
const titlePages = 2;

/**
 * Ids under which the first pages of a document lie: its own, or, where its pages are documents, those with the first
 * numbers, written as the others are. "#p12" may be written with zeros or not, so both are named.
 */
export function firstPages(document: string, pages: readonly string[]): readonly string[] {
  const numbered = pages.map((id) => /^(.*#\D*)(\d+)(\D*)$/.exec(id)).filter((match) => match !== null);
  const [first] = numbered;
  if (first === undefined) return pages.includes(document) ? [document] : [];
  const shortest = Math.min(...numbered.map(([, , number]) => number!.length));
  const widths = new Set(numbered.some(([, , number]) => number!.startsWith("0")) ? [shortest] : [1, shortest]);
  return [...widths].flatMap((width) =>
    Array.from({ length: titlePages }, (_, at) => `${first[1]}${String(at + 1).padStart(width, "0")}${first[3]}`),
  );
}
