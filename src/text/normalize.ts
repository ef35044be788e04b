/**
 * Text in Unicode's compatibility form (NFKC), with a way back to the offsets of the original.
 *
 * `offsets` is null when nothing moved (nearly always). Otherwise `offsets[i]` is where the i-th code unit of `text`
 * began in the original, with one more entry for the end.
 */
export interface Normalized {
  readonly text: string;
  readonly offsets: Uint32Array | null;
}

/** Runs that can change: one ASCII character, which marks may follow, and what is not ASCII. */
const foreignRun = /\p{ASCII}?\P{ASCII}+/gu;
/** A character with the marks, half-width voicing marks and Hangul vowels or finals that compose with it. */
const composition = /[^][\p{M}\uff9e\uff9f\u1160-\u11ff\ud7b0-\ud7fb]*/gu;
/** Superscripts are footnote marks or powers, not a part of the word before them; trade marks are no letters. */
const superscript = /^[\u00b2\u00b3\u00b9\u2070-\u207f]/;
const tradeMark = /^[\u2120\u2122]/;

export function normalize(text: string): Normalized {
  if (text.normalize("NFKC") === text) return { text, offsets: null };
  const pieces: string[] = [];
  const offsets: number[] = [];
  const push = (piece: string, start: number, isUnchanged: boolean): void => {
    pieces.push(piece);
    for (let i = 0; i < piece.length; i += 1) offsets.push(isUnchanged ? start + i : start);
  };
  let from = 0;
  for (const run of text.matchAll(foreignRun)) {
    push(text.slice(from, run.index), from, true);
    let start = run.index;
    for (const [source] of run[0].matchAll(composition)) {
      const normal = normalizeCharacter(source);
      push(normal, start, normal === source);
      start += source.length;
    }
    from = start;
  }
  push(text.slice(from), from, true);
  offsets.push(text.length);
  return { text: pieces.join(""), offsets: Uint32Array.from(offsets) };
}

function normalizeCharacter(source: string): string {
  if (tradeMark.test(source)) return " ";
  const normal = source.normalize("NFKC");
  return superscript.test(source) ? ` ${normal}` : normal;
}
