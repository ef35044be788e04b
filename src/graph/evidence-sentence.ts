import type { Pointer } from "../ports/graph-store.ts";
import type { Chunk } from "../records.ts";
import { splitUnits } from "../text/units.ts";
import { nameTokens } from "../text/name-key.ts";

/**
 * The first sentence, list item or row that mentions one of the names, over the texts in order; where none does, the
 * first such heading; else empty.
 * @param names normalised: that of an entity, and as texts write it where edits gave it another.
 * @param others it must mention one of these, too.
 */
export type EvidenceSentence = (
  texts: readonly string[],
  names: readonly string[],
  others?: readonly string[] | null,
) => string;

export const evidenceSentence: EvidenceSentence = (...asked) => evidenceSentences()(...asked);

interface Said {
  readonly sentence: string;
  readonly isHeading: boolean;
  /** Normalised, with a blank before and after. */
  readonly words: () => string;
}

/** For several questions about the same texts: each is taken apart once. */
export function evidenceSentences(): EvidenceSentence {
  const known = new Map<string, readonly Said[]>();
  function* saidIn(texts: readonly string[]): Generator<Said> {
    for (const text of texts) {
      const said = known.get(text) ?? takenApart(text);
      known.set(text, said);
      yield* said;
    }
  }
  return (texts, names, others = null) => {
    let heading = "";
    for (const { sentence, isHeading, words } of saidIn(texts)) {
      const hasOne = (wanted: readonly string[]): boolean => wanted.some((name) => words().includes(` ${name} `));
      if (!hasOne(names) || (others !== null && !hasOne(others))) continue;
      if (!isHeading) return sentence;
      heading ||= sentence;
    }
    return heading;
  };
}

const takenApart = (text: string): readonly Said[] =>
  splitUnits(text).map(({ start, end, kind }) => {
    const sentence = text.slice(start, end);
    let words: string | null = null;
    return {
      sentence,
      isHeading: kind === "heading",
      words: () => (words ??= ` ${nameTokens(sentence).join(" ")} `),
    };
  });

/** The sentence, list item or row at a place of a text, or else the next one after it. */
function sentenceAt(text: string, offset: number): string {
  const units = splitUnits(text);
  const unit = units.find(({ end }) => end > offset) ?? units.at(-1);
  return unit === undefined ? "" : text.slice(unit.start, unit.end);
}

/** The sentence with which a passage points at an address; empty where these pointers have none that does. */
export function pointingSentence(
  { chunk_id, content, span }: Chunk,
  to: { readonly kind: string; readonly address: string },
  pointers: readonly Pointer[],
): string {
  const pointer = pointers.find(
    (one) => one.chunk_id === chunk_id && one.kind === to.kind && one.target === to.address,
  );
  return pointer ? sentenceAt(content, pointer.start - span.start) : "";
}
