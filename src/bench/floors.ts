import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";

/** Name of a figure (`set/mode/measure`) → value; for all of them, more is better. */
export type Figures = Readonly<Record<string, number>>;

/** The figures that may not fall, for one embedder: another one has others. */
export interface Floors {
  readonly embedder: string;
  readonly figures: Figures;
}

export interface Fall {
  readonly name: string;
  readonly floor: number;
  readonly value: number;
}

/** A figure may lie this much below its floor: number types and processors round differently. */
const allowedFall = 0.002;

/** Figures that fell. What was not measured this time is left alone. */
export const fallenFigures = (floors: Figures, measured: Figures): readonly Fall[] =>
  Object.entries(floors).flatMap(([name, floor]) => {
    const value = measured[name];
    return value === undefined || value >= floor - allowedFall ? [] : [{ name, floor, value }];
  });

/** Each floor at the best that was measured, cut to four decimals; figures without one get one. */
export function raisedFloors(floors: Figures, measured: Figures): Figures {
  const names = [...new Set([...Object.keys(floors), ...Object.keys(measured)])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const [floor, value] = [floors[name], measured[name]];
      const cut = value === undefined ? -Infinity : Math.floor(value * 10_000 + 1e-6) / 10_000;
      return [name, Math.max(floor ?? -Infinity, cut)];
    }),
  );
}

const schema = z.strictObject({ embedder: z.string(), figures: z.record(z.string(), z.number()) });

export const readFloors = (path: string): Floors | null =>
  existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, "utf8"))) : null;

export const writeFloors = (path: string, floors: Floors): void =>
  writeFileSync(path, `${JSON.stringify(floors, null, 2)}\n`);
