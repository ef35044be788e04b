import { parseFilter } from "../filter/parse-filter.ts";
import type { Filter } from "../filter/filter.ts";
import { type ErrorCode, HybridRAGError } from "../errors.ts";

/** JSON that stands in a field of a query or of a form. */
export function jsonOf(text: string, field: string, code: ErrorCode): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HybridRAGError(code, `The field ${field} is no JSON.`, { details: { path: `/${field}` } });
  }
}

/** The `filters` of a query. */
export const filterOf = (filters: string | undefined): Filter | null =>
  parseFilter(filters === undefined ? undefined : jsonOf(filters, "filters", "invalid_filter"), "/filters");
