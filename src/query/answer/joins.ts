import { nameKey, nameTokens } from "../../text/name-key.ts";
import { opensSentence } from "./names.ts";
import type { ScoredUnit } from "./scored-units.ts";

/** How units lead to each other by names that the question does not say. */
export interface Joins {
  /**
   * 0 to 1: how telling the rarest name is that the two have in common, one of them in its text, the other in its text
   * or the title of its passage. 1 when no third passage has it; 0 inside one passage, and without such a name.
   */
  readonly share: (a: ScoredUnit, b: ScoredUnit) => number;
  /** Whether `source` says the title of the passage of `target`. */
  readonly isTitled: (source: ScoredUnit, target: ScoredUnit) => boolean;
}

interface Named {
  readonly said: ReadonlySet<string>;
  readonly title: ReadonlySet<string>;
  /** Null when there is none, or the question says it. */
  readonly titleKey: string | null;
  readonly tokens: string;
}

/** The names that these units join by; how rare a name is, is counted over their passages. */
export function joinsOf(units: readonly ScoredUnit[], question: string): Joins {
  const asked = new Set(nameTokens(question));
  const named = new Map(units.map((unit) => [unit, namedOf(unit, asked, spaced(nameTokens(question)))]));
  const passages = passagesByName(named);
  const telling = (name: string) => 1 / Math.max(1, passages.get(name)!.size - 1);
  return {
    share: (a, b) => {
      if (chunkOf(a) === chunkOf(b)) return 0;
      const [one, other] = [named.get(a)!, named.get(b)!];
      const common = [...one.said].filter((name) => other.said.has(name) || other.title.has(name));
      const byTitle = [...one.title].filter((name) => other.said.has(name));
      return Math.max(0, ...[...common, ...byTitle].map(telling));
    },
    isTitled: (source, target) => {
      const { titleKey } = named.get(target)!;
      const isOther = titleKey !== null && named.get(source)!.titleKey !== titleKey;
      return isOther && named.get(source)!.tokens.includes(` ${titleKey} `);
    },
  };
}

export const chunkOf = (unit: ScoredUnit): string => unit.hit.candidate.chunk.chunk_id;

const spaced = (tokens: readonly string[]): string => ` ${tokens.join(" ")} `;

function namedOf(unit: ScoredUnit, asked: ReadonlySet<string>, question: string): Named {
  const { title } = unit.hit.candidate.chunk;
  const key = nameKey(title);
  return {
    said: namesIn(unit.text, asked, 1),
    title: namesIn(title, asked, 0),
    titleKey: key === "" || question.includes(` ${key} `) ? null : key,
    tokens: spaced(nameTokens(unit.text)),
  };
}

/** Two passages that name the same month have nothing in common. */
const calendar = new Set(
  (
    "january february march april may june july august september october november december " +
    "monday tuesday wednesday thursday friday saturday sunday"
  ).split(" "),
);

const capitalised = /\p{Lu}[\p{L}\p{M}\p{N}’'-]+/gu;

/** Words with a capital from this place on: what a sentence begins with has one anyway. */
function namesIn(text: string, asked: ReadonlySet<string>, from: number): ReadonlySet<string> {
  const words = [...text.matchAll(capitalised)].filter(({ index, 0: word }) => index >= from && !opensSentence(word));
  const names = words.flatMap(([word]) => nameTokens(word));
  return new Set(names.filter((name) => name.length > 2 && !asked.has(name) && !calendar.has(name)));
}

function passagesByName(named: ReadonlyMap<ScoredUnit, Named>): ReadonlyMap<string, ReadonlySet<string>> {
  const passages = new Map<string, Set<string>>();
  for (const [unit, { said, title }] of named) {
    for (const name of [...said, ...title]) {
      const holders = passages.get(name) ?? new Set();
      passages.set(name, holders.add(chunkOf(unit)));
    }
  }
  return passages;
}
