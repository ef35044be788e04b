const months = "january|february|march|april|may|june|july|august|september|october|november|december";
const monthNames = months.split("|");

const yearPattern = /(?<!\d)(?:19|20)\d\d(?!\d)/;

const latest = /\b(?:latest|newest|most recent)\b/iu;

/** Whether a question is put to the latest of several documents. */
export const asksForLatest = (question: string): boolean => latest.test(question);

/** The first year of a word or a name. */
export function yearIn(text: string): number | null {
  const year = yearPattern.exec(text)?.[0];
  return year === undefined ? null : Number(year);
}

/**
 * When a document is of, in months, by its names ("2023 Q1", "2022-08-notes") or else by the first date on its first
 * pages; 0 where neither says. Only to be compared with others of its kind.
 */
export function documentDate(names: readonly string[], cover: string): number {
  const name = names.find((text) => yearIn(text) !== null);
  if (name !== undefined) {
    const year = yearIn(name)!;
    const quarter = /q([1-4])(?!\d)/i.exec(name)?.[1];
    const month = new RegExp(`${year}[-_. ]?(0[1-9]|1[0-2])(?!\\d)`).exec(name)?.[1];
    return year * 12 + (quarter === undefined ? Number(month ?? 12) : 3 * Number(quarter));
  }
  const written = new RegExp(`\\b(${months})\\b[^\\p{L}\\n]{0,9}?\\b((?:19|20)\\d\\d)\\b`, "iu").exec(cover);
  if (written) return Number(written[2]) * 12 + monthNames.indexOf(written[1]!.toLowerCase()) + 1;
  const numbered = /\b((?:19|20)\d\d)-(0[1-9]|1[0-2])-\d\d\b/.exec(cover);
  if (numbered) return Number(numbered[1]) * 12 + Number(numbered[2]);
  return Number(/\b(?:19|20)\d\d\b/.exec(cover)?.[0] ?? 0) * 12;
}
