/**
 * The filter language: closed, plain data. Whatever is not a value of this type cannot be asked of a store, so no
 * database syntax can be smuggled in. `matches.ts` is its meaning; every engine agrees with it.
 */

export type FilterScalar = string | number | boolean | null;

/** Degrees; longitude −180 to 180, latitude −90 to 90. */
export interface Position {
  readonly longitude: number;
  readonly latitude: number;
}

export type Shape =
  /** Great-circle distance on a sphere of radius 6,371,008.8 m. */
  | { readonly kind: "circle"; readonly center: Position; readonly meters: number }
  /** `west` greater than `east` crosses the antimeridian. Edges belong to the box. */
  | {
      readonly kind: "box";
      readonly west: number;
      readonly south: number;
      readonly east: number;
      readonly north: number;
    }
  /** One outer ring and holes; edges are straight lines in longitude and latitude, as in Lucene. */
  | { readonly kind: "polygon"; readonly rings: readonly (readonly Position[])[] };

export type Filter =
  | { readonly op: "eq" | "ne"; readonly field: string; readonly value: FilterScalar }
  | { readonly op: "in" | "nin"; readonly field: string; readonly values: readonly FilterScalar[] }
  | { readonly op: "gt" | "gte" | "lt" | "lte"; readonly field: string; readonly value: string | number }
  | { readonly op: "exists"; readonly field: string; readonly exists: boolean }
  | { readonly op: "geoWithin"; readonly field: string; readonly shape: Shape }
  | {
      readonly op: "near";
      readonly field: string;
      readonly center: Position;
      readonly minMeters: number;
      readonly maxMeters: number;
    }
  | { readonly op: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly op: "not"; readonly filter: Filter };

/** `document_id`, or `metadata.` and up to six names: the only places a filter may look. */
export const fieldPattern = /^(?:document_id|metadata(?:\.[A-Za-z_][A-Za-z0-9_-]{0,63}){1,6})$/;

/** Joins filters that may be absent. */
export function allOf(...filters: readonly (Filter | null | undefined)[]): Filter | null {
  const present = filters.filter((filter) => filter !== null && filter !== undefined);
  if (present.length === 0) return null;
  return present.length === 1 ? present[0]! : { op: "and", filters: present };
}
