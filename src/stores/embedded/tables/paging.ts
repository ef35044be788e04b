import { HybridRAGError } from "../../../errors.ts";
import type { Page } from "../../../ports/store.ts";

type Part = string | number;

/** A cursor is the sort key of the last item that was given, opaque to the caller. */
const encodeCursor = (key: readonly Part[]): string => Buffer.from(JSON.stringify(key)).toString("base64url");

/** @throws HybridRAGError `invalid_input` when the cursor is not one that this listing gave. */
export function decodeCursor<Key extends readonly Part[]>(
  cursor: string | null | undefined,
  kinds: { readonly [I in keyof Key]: "string" | "number" },
): Key | null {
  if (cursor === null || cursor === undefined) return null;
  const key = parsed(cursor);
  if (Array.isArray(key) && key.length === kinds.length && kinds.every((kind, i) => typeof key[i] === kind)) {
    return key as unknown as Key;
  }
  throw new HybridRAGError("invalid_input", "This cursor was not given by this listing; start from the first page.", {
    details: { path: "/cursor" },
  });
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}

/** @throws HybridRAGError `invalid_input` unless the limit is a whole number from 1 on. */
export function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw new HybridRAGError("invalid_input", "A limit is a whole number of at least 1.", {
    details: { path: "/limit" },
  });
}

/** One page out of up to `limit + 1` rows in order: the extra row only says that there is more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  key: (row: Row) => readonly Part[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > limit && last ? encodeCursor(key(last)) : null };
}
