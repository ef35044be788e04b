import type { SegmentData } from "./segment.ts";

export interface RowRecord {
  readonly slot: number;
  readonly tenant: number;
  readonly bodyLength: number;
  readonly titleLength: number;
}

export type RowTable = Pick<SegmentData, "slots" | "owners" | "tenants" | "bodyLengths" | "titleLengths">;

/** The columns of rows that are sorted by slot. */
export function rowTable(rows: readonly RowRecord[]): RowTable {
  const tenants = Uint32Array.from(new Set(rows.map(({ tenant }) => tenant))).sort();
  const numbers = new Map(Array.from(tenants, (tenant, index) => [tenant, index]));
  return {
    slots: Uint32Array.from(rows, ({ slot }) => slot),
    owners: Uint16Array.from(rows, ({ tenant }) => numbers.get(tenant) as number),
    tenants,
    bodyLengths: Uint32Array.from(rows, ({ bodyLength }) => bodyLength),
    titleLengths: Uint32Array.from(rows, ({ titleLength }) => titleLength),
  };
}
