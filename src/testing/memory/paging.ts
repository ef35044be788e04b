import { HybridRAGError } from "../../errors.ts";
import type { Page, PageRequest } from "../../ports/store.ts";

export type SortKey = readonly (string | number)[];

/**
 * One page of a listing. The cursor is the key of the last item shown, so that records written or removed between
 * two pages neither repeat nor hide another record.
 *
 * @param compare orders two keys; items are already in that order.
 * @param listing names the listing, so that a cursor of another one is refused.
 */
export function pageOf<T>(
  items: readonly T[],
  request: PageRequest,
  listing: string,
  keyOf: (item: T) => SortKey,
  compare: (a: SortKey, b: SortKey) => number,
): Page<T> {
  if (!Number.isInteger(request.limit) || request.limit < 1) {
    throw new HybridRAGError("invalid_input", "A page holds at least one item.", { details: { path: "/limit" } });
  }
  const after = request.cursor ? readCursor(request.cursor, listing) : null;
  const rest = after === null ? items : items.filter((item) => compare(keyOf(item), after) > 0);
  const shown = rest.slice(0, request.limit);
  const last = shown[shown.length - 1];
  return { items: shown, next: last && rest.length > shown.length ? writeCursor(listing, keyOf(last)) : null };
}

const writeCursor = (listing: string, key: SortKey): string =>
  Buffer.from(JSON.stringify([listing, ...key])).toString("base64url");

function readCursor(cursor: string, listing: string): SortKey {
  const refuse = (): never => {
    throw new HybridRAGError("invalid_input", "The cursor is not one of this listing; start again without it.", {
      details: { path: "/cursor" },
    });
  };
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parsed) && parsed[0] === listing ? (parsed.slice(1) as SortKey) : refuse();
  } catch {
    return refuse();
  }
}
