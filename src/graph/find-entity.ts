import { HybridRAGError } from "../errors.ts";
import type { GraphStore } from "../ports/graph-store.ts";
import type { CallOptions, Page } from "../ports/store.ts";
import type { Entity } from "../records.ts";
import type { Scope } from "../scope.ts";
import { sliceCodePoints } from "../text/code-points.ts";
import { bracketedKey, nameKey } from "../text/name-key.ts";
import { otherSpellings } from "../text/names/other-spellings.ts";

/**
 * The entity of a name, however it is spelt: case, marks and articles aside, and where there is none, by what else people
 * write for it.
 * @throws HybridRAGError `not_found`, with the nearest names that there are in `details.nearest`; `invalid_input` for
 * what is no name.
 */
export async function findEntity(
  graph: GraphStore,
  scope: Scope,
  name: string,
  options?: CallOptions,
): Promise<Entity> {
  if (nameKey(name) === "") {
    throw new HybridRAGError("invalid_input", "A name needs a letter or a digit.", { details: { path: "/name" } });
  }
  // People give such a name to a part that they split off an entity.
  const whole = bracketedKey(name);
  const found = await graph.entities(scope, [...(whole === null ? [] : [whole]), nameKey(name)], options);
  const entity = found.find(({ normalized_name }) => normalized_name === whole) ?? found[0];
  if (entity) return entity;
  const spelt = otherSpellings(name);
  const others = spelt.length === 0 ? [] : await graph.entities(scope, spelt, options);
  const [likeliest] = others.toSorted((a, b) => spelt.indexOf(a.normalized_name) - spelt.indexOf(b.normalized_name));
  if (likeliest) return likeliest;
  const nearest = await nearestNames(graph, scope, nameKey(name), options);
  const hint = nearest.length === 0 ? "" : ` The nearest names are: ${nearest.map(shortened).join(", ")}.`;
  throw new HybridRAGError("not_found", `The graph knows no “${shortened(name)}”.${hint}`, { details: { nearest } });
}

const longestShown = 100;

/** A name within a message: on one line, and no longer than a reader looks at. */
function shortened(name: string): string {
  const line = name.replaceAll(/\s+/g, " ").trim();
  return line.length <= longestShown ? line : `${sliceCodePoints(line, 0, longestShown)}…`;
}

const wanted = 5;
/** Names that are read for each beginning. */
const perBeginning = 200;

/** Of a larger graph not every name is looked at for words inside it. */
const mostLooked = 5000;

/** Names that begin as this one or one of its words does, or that hold it, the most alike first. */
async function nearestNames(
  graph: GraphStore,
  scope: Scope,
  key: string,
  options?: CallOptions,
): Promise<readonly string[]> {
  const beginnings = new Set([key, ...key.split(" ")].flatMap((text) => [text, text.slice(0, 3), text.slice(0, 1)]));
  const pages = await Promise.all(
    [...beginnings]
      .filter((prefix) => prefix !== "")
      .map((prefix) => graph.list(scope, { limit: perBeginning, prefix }, options)),
  );
  const begun = pages.flatMap((page) => page.items);
  const holding = (await firstNames(graph, scope, options)).filter((one) => holds(one.normalized_name, key));
  const names = new Map([...begun, ...holding].map((entity) => [entity.normalized_name, entity.name]));
  return [...names]
    .map(([normalized, name]) => ({ name, alike: likeness(key, normalized) + Number(holds(normalized, key)) }))
    .filter(({ alike }) => alike > 0.2)
    .toSorted((a, b) => b.alike - a.alike || (a.name < b.name ? -1 : 1))
    .slice(0, wanted)
    .map(({ name }) => name);
}

const holds = (name: string, part: string): boolean => ` ${name} `.includes(` ${part} `);

async function firstNames(graph: GraphStore, scope: Scope, options?: CallOptions): Promise<readonly Entity[]> {
  const names: Entity[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Entity> = await graph.list(scope, { limit: perBeginning, cursor }, options);
    names.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && names.length < mostLooked);
  return names;
}

/** Share of letter pairs that two texts have in common (Dice), 0 to 1. */
export function likeness(a: string, b: string): number {
  const [left, right] = [pairsOf(a), pairsOf(b)];
  const shared = [...left].filter((pair) => right.has(pair)).length;
  return left.size + right.size === 0 ? 0 : (2 * shared) / (left.size + right.size);
}

const pairsOf = (text: string): ReadonlySet<string> =>
  new Set(Array.from({ length: text.length + 1 }, (_none, at) => ` ${text} `.slice(at, at + 2)));
