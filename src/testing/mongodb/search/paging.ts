import { keyOf, isDoc, type Doc } from "../value.ts";
import { fail } from "./clause.ts";

interface Row {
  readonly id: string;
}

/** What a token belongs to: the same query, index and order must be asked again. */
const askedOf = (spec: Doc): string => {
  const { searchAfter: _after, searchBefore: _before, count: _count, highlight: _highlight, ...asked } = spec;
  return keyOf(asked);
};

export function tokens(spec: Doc): (id: string) => string {
  const asked = askedOf(spec);
  return (id) => Buffer.from(JSON.stringify([asked, id])).toString("base64");
}

/** The rows behind a token, or those before it in reverse order, as the server gives them. */
export function paged<R extends Row>(rows: readonly R[], spec: Doc): readonly R[] {
  const { searchAfter: after, searchBefore: before } = spec;
  if (after === undefined && before === undefined) return rows;
  if (after !== undefined && before !== undefined) fail("searchBefore", "cannot be used with searchAfter");
  const place = placeOf(rows, spec, after ?? before);
  return after !== undefined ? rows.slice(place + 1) : rows.slice(0, place).toReversed();
}

function placeOf(rows: readonly Row[], spec: Doc, token: unknown): number {
  const [asked, id] = parsed(token);
  if (asked !== askedOf(spec)) return fail("searchAfter", "the token is of another query, index or sort");
  const place = rows.findIndex((row) => row.id === id);
  return place === -1 ? fail("searchAfter", "the token is of a document that is not found any more") : place;
}

function parsed(token: unknown): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(Buffer.from(String(token), "base64").toString());
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

export const isDescending = (direction: unknown): boolean =>
  isDoc(direction) ? direction["order"] === -1 || direction["$meta"] === "searchScore" : direction === -1;
