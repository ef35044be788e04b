import { instantOf } from "../../filter/instant.ts";
import { valueAt } from "../../filter/matches.ts";
import type { Metadata } from "../../records.ts";

export type FieldKind = "string" | "number" | "date" | "boolean";

/** A metadata field that the search indexes hold, so that filters on it run inside the search. */
export interface FilterField {
  readonly path: string;
  readonly kind: FieldKind;
}

/** The guide's filter fields; others are declared by settings. */
export const guideFields: readonly FilterField[] = [
  { path: "metadata.source", kind: "string" },
  { path: "metadata.category", kind: "string" },
  { path: "metadata.timestamp", kind: "date" },
];

/**
 * Whether a declared field holds something that its index does not see as a filter would: text in a date field, a date
 * in a text field, an instant finer than a millisecond. Filters are then resolved before the search instead.
 */
export function isOdd(metadata: Metadata, fields: readonly FilterField[]): boolean {
  return fields.some(({ path, kind }) => {
    const value = valueAt({ document_id: "", metadata }, path);
    const values: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.some((part) => part !== null && !fits(part, kind));
  });
}

/** mongot cuts longer texts, and a comparison would be of what is left. */
export const maxTokenCharacters = 8191;

function fits(value: unknown, kind: FieldKind): boolean {
  if (typeof value !== "string") return typeof value === kind;
  if (value.length > maxTokenCharacters) return false;
  const instant = instantOf(value);
  if (kind === "date") return instant !== null && Number.isInteger(instant);
  return kind === "string" && instant === null;
}
