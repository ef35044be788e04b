import type { Filter, FilterScalar } from "../../../filter/filter.ts";
import { boundingRectangles, distanceMeters, isWithin } from "../../../filter/geo.ts";
import { instantOf } from "../../../filter/instant.ts";
import type { Position, Shape } from "../../../filter/filter.ts";
import type { Database, SqlValue } from "../sqlite/database.ts";

/** Numbers of the tenant's metadata objects that a condition on one field finds, by range scans of its index. */
export interface FieldQueries {
  exists(field: string): readonly number[];
  equals(field: string, value: FilterScalar): readonly number[];
  ordered(op: "gt" | "gte" | "lt" | "lte", field: string, value: string | number): readonly number[];
  within(field: string, shape: Shape): readonly number[];
  near(filter: Extract<Filter, { op: "near" }>): readonly number[];
}

/** The R*Tree holds float32; what rounding may lose near zero, in degrees, the exact test makes good. */
const slack = 1e-6;

const comparison = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

export function fieldQueries(db: Database, tenant: number): FieldQueries {
  // One JSON text is far cheaper to carry out of SQLite than a row object for each number.
  const ids = (from: string, ...values: readonly SqlValue[]): readonly number[] =>
    JSON.parse(
      db.get<{ ids: string }>(`SELECT json_group_array(metadata_id) AS ids FROM ${from}`, ...values)!.ids,
    ) as number[];

  const numbers = (field: string, kind: string, sign: string, value: number): readonly number[] =>
    ids(`metadata_numbers WHERE tenant = ? AND field = ? AND kind = ? AND value ${sign} ?`, tenant, field, kind, value);
  const texts = (field: string, sign: string, value: string, which = ""): readonly number[] =>
    ids(`metadata_texts WHERE tenant = ? AND field = ? AND value ${sign} ? ${which}`, tenant, field, value);

  const points = (field: string, shape: Shape, admits: (position: Position) => boolean): readonly number[] =>
    boundingRectangles(shape).flatMap(({ west, south, east, north }) =>
      db
        .all<Position & { metadata_id: number }>(
          `SELECT p.metadata_id, p.longitude, p.latitude FROM metadata_boxes b JOIN metadata_points p USING (point)
           WHERE b.max_tenant >= ? AND b.min_tenant <= ? AND b.east >= ? AND b.west <= ? AND b.north >= ? AND b.south <= ?
           AND p.tenant = ? AND p.field = ?`,
          tenant,
          tenant,
          west - slack,
          east + slack,
          south - slack,
          north + slack,
          tenant,
          field,
        )
        .filter(admits)
        .map((row) => row.metadata_id),
    );

  return {
    exists: (field) => ids("metadata_fields WHERE tenant = ? AND field = ?", tenant, field),
    equals: (field, value) => {
      if (value === null) return numbers(field, "null", "=", 0);
      if (typeof value === "boolean") return numbers(field, "boolean", "=", value ? 1 : 0);
      if (typeof value === "number") return numbers(field, "number", "=", value);
      const instant = instantOf(value);
      return instant === null ? texts(field, "=", value) : numbers(field, "instant", "=", instant);
    },
    ordered: (op, field, value) => {
      const sign = comparison[op];
      if (typeof value === "number") return numbers(field, "number", sign, value);
      const instant = instantOf(value);
      if (instant === null) return texts(field, sign, value);
      // An instant against an instant by time, against any other text by code point.
      return [...numbers(field, "instant", sign, instant), ...texts(field, sign, value, "AND is_instant = 0")];
    },
    within: (field, shape) => points(field, shape, (position) => isWithin(position, shape)),
    near: ({ field, center, minMeters, maxMeters }) =>
      points(field, { kind: "circle", center, meters: maxMeters }, (position) => {
        const meters = distanceMeters(position, center);
        return meters >= minMeters && meters <= maxMeters;
      }),
  };
}
