import type { Fall, Figures } from "../floors.ts";
import { tableLines } from "../table.ts";

const columns = ["ndcg@10", "recall@5", "recall@10", "map", "mrr@10", "over better leg"];

/** Retrieval by set and mode, then everything else by name. */
export function qualityLines(figures: Figures): readonly string[] {
  const keys = [...new Set(Object.keys(figures).map((name) => name.split("/").slice(0, 2).join("/")))];
  const ranked = keys.filter((key) => figures[`${key}/ndcg@10`] !== undefined);
  const others = Object.entries(figures).filter(
    ([name]) => !ranked.some((key) => columns.some((column) => name === `${key}/${column}`)),
  );
  return [
    ...(ranked.length === 0
      ? []
      : [
          ...tableLines(
            ["set/mode", ...columns],
            ranked.map((key) => [key, ...columns.map((column) => figures[`${key}/${column}`] ?? null)]),
          ),
          "",
        ]),
    ...(others.length === 0 ? [] : tableLines(["set/mode/measure", "value"], others)),
  ];
}

export const fallLines = (falls: readonly Fall[]): readonly string[] =>
  falls.map(({ name, floor, value }) => `FELL  ${name}: ${value.toFixed(4)}, its floor is ${floor.toFixed(4)}`);

/** How many floors were compared, and those of which sets were not. */
export function coverageLines(floors: Figures, figures: Figures): readonly string[] {
  const names = Object.keys(floors);
  const left = names.filter((name) => figures[name] === undefined);
  const sets = [...new Set(left.map((name) => name.split("/")[0]))];
  return [
    `${names.length - left.length} of ${names.length} floors were compared.`,
    ...(left.length === 0 ? [] : [`Not measured: ${left.length} figures of ${sets.join(", ")}.`]),
  ];
}
