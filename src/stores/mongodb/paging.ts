import { HybridRAGError } from "../../errors.ts";
import type { Page, PageRequest } from "../../ports/store.ts";

export type CursorKey = readonly (string | number)[];

/** The key of the last record shown, or null for the first page. A cursor of another listing is refused. */
export function readCursor(request: PageRequest, listing: string, parts: number): CursorKey | null {
  if (!Number.isInteger(request.limit) || request.limit < 1) {
    throw new HybridRAGError("invalid_input", "A page holds at least one item.", { details: { path: "/limit" } });
  }
  if (!request.cursor) return null;
  const parsed = parse(request.cursor);
  if (!Array.isArray(parsed) || parsed[0] !== listing || parsed.length !== parts + 1) {
    throw new HybridRAGError("invalid_input", "The cursor is not one of this listing; start again without it.", {
      details: { path: "/cursor" },
    });
  }
  return parsed.slice(1) as CursorKey;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
}

/** A page out of one record more than was asked for. */
export function pageOf<T, R>(
  found: readonly R[],
  request: PageRequest,
  listing: string,
  keyOf: (record: R) => CursorKey,
  itemOf: (record: R) => T,
): Page<T> {
  const shown = found.slice(0, request.limit);
  const last = shown.at(-1);
  const more = last !== undefined && found.length > request.limit;
  return { items: shown.map(itemOf), next: more ? writeCursor(listing, keyOf(last)) : null };
}

const writeCursor = (listing: string, key: CursorKey): string =>
  Buffer.from(JSON.stringify([listing, ...key])).toString("base64url");
