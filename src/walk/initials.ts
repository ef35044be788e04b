import type { Entity } from "../records.ts";
import type { Page } from "../ports/store.ts";
import { nameKey } from "../text/name-key.ts";
import { ask, type Asking } from "./ask.ts";

/** "J. Smith", "J.R.R. Tolkien": initials with their full stops before a word. */
const withInitials = /(?<![\p{L}\p{N}])(?:\p{L}\.[\s-]?){1,4}[\p{L}\p{N}’'-]{2,}/gu;
const mostTokens = 5;
const pageLength = 200;
/** Where more names than this begin with one letter, no initial is guessed at: looking would take too long. */
const mostNames = 1000;

/** Normalised names that the question writes with initials. */
export const askedInitials = (question: string): readonly string[] =>
  [...new Set([...question.matchAll(withInitials)].map(([name]) => nameKey(name)))].filter(isInitialed);

/**
 * "john smith" for the name "j smith" and the reverse, each with the name that it stands for: only where one readable
 * name of the tenant fits the initials and no other. Nothing is kept: a second John, Jane or James Smith ends it, and
 * when that document goes the two are one again.
 */
export function* initialForms({
  initialed,
  full,
}: {
  readonly initialed: readonly string[];
  readonly full: readonly string[];
}): Asking<ReadonlyMap<string, string>> {
  const shortened = new Map(full.flatMap((name) => shortFormsOf(name).map((short) => [short, name] as const)));
  const known = shortened.size === 0 ? [] : yield* ask("weigh", [...shortened.keys()]);
  const found = new Map<string, string>();
  for (const short of new Set([...initialed, ...known.map(({ asked }) => asked)])) {
    const only = yield* onlyFitting(short);
    if (only === null) continue;
    if (initialed.includes(short)) found.set(only, short);
    else if (only === shortened.get(short)) found.set(short, only);
  }
  return found;
}

const isInitialed = (key: string): boolean => {
  const tokens = key.split(" ");
  return tokens.length > 1 && tokens.slice(0, -1).every((token) => token.length === 1) && tokens.at(-1)!.length > 1;
};

/** "john ronald tolkien" → "j tolkien", "j r tolkien". */
function shortFormsOf(name: string): readonly string[] {
  const tokens = name.split(" ");
  if (tokens.length < 2 || tokens.length > mostTokens || tokens.some((token) => token.length === 1)) return [];
  const initials = tokens.slice(0, -1).map((token) => token[0]!);
  return initials.map((_initial, at) => [...initials.slice(0, at + 1), tokens.at(-1)!].join(" "));
}

function* onlyFitting(short: string): Asking<string | null> {
  const fitting: string[] = [];
  let cursor: string | null = null;
  for (let seen = 0; seen < mostNames; seen += pageLength) {
    const page: Page<Entity> = yield* ask("list", { limit: pageLength, prefix: short[0]!, cursor });
    for (const { normalized_name } of page.items) {
      if (shortFormsOf(normalized_name).includes(short)) fitting.push(normalized_name);
    }
    if (fitting.length > 1) return null;
    cursor = page.next;
    if (cursor === null) return fitting[0] ?? null;
  }
  return null;
}
