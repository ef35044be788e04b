/** A day or a month that a question names; the year may be left open. */
export interface NamedDate {
  readonly year: number | null;
  /** 0 to 11. */
  readonly month: number;
  readonly day: number | null;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const monthName =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const day = "(\\d{1,2})(?:st|nd|rd|th)?";
const year = "((?:19|20)\\d{2})";

const dayFirst = new RegExp(`\\b${day}\\s+(?:of\\s+)?${monthName}\\b\\.?(?:,?\\s+${year}\\b)?`, "giu");
const monthFirst = new RegExp(
  `\\b${monthName}\\b\\.?(?:\\s+${day}\\b(?!\\s*\\d))?(?:,?\\s+(?:of\\s+)?${year}\\b)?`,
  "giu",
);
const numeric = /\b((?:19|20)\d{2})-(\d{2})(?:-(\d{2}))?\b/gu;

/** Dates as English writes them, and in ISO 8601. "may" and "march" without a day or a year are the verbs unless capital. */
export function namedDates(text: string): readonly NamedDate[] {
  const found: NamedDate[] = [];
  const rest = text
    .replace(numeric, (_whole, y: string, m: string, d?: string) => take(found, y, Number(m) - 1, d))
    .replace(dayFirst, (_whole, d: string, m: string, y?: string) => take(found, y, monthOf(m), d));
  for (const [, name = "", d, y] of rest.matchAll(monthFirst)) {
    const isVerb = d === undefined && y === undefined && /^(?:may|mar(?:ch)?|dec|jan|sept?|oct|nov)$/u.test(name);
    if (!isVerb) take(found, y, monthOf(name), d);
  }
  return found.filter(
    ({ month, day: named }) => month >= 0 && month < 12 && (named === null || (named >= 1 && named <= 31)),
  );
}

const monthOf = (name: string): number => months.indexOf(name.slice(0, 3).toLowerCase());

function take(found: NamedDate[], y: string | undefined, month: number, d: string | undefined): string {
  found.push({ year: y === undefined ? null : Number(y), month, day: d === undefined ? null : Number(d) });
  return " ";
}

const dayMs = 86_400_000;

/**
 * How well an instant fits a date, 0 to 1: what happened on a day is told in the week after it; what happened in a month
 * is told in it, or early in the next.
 */
export function fitOfDate(date: NamedDate, at: number): number {
  const told = new Date(at);
  const [toldYear, toldMonth] = [told.getUTCFullYear(), told.getUTCMonth()];
  const since = monthsBetween(date, toldYear, toldMonth);
  if (date.day === null) return since === 0 ? 1 : since === 1 ? 0.4 : 0;
  const eventYear = date.year ?? (toldMonth >= date.month ? toldYear : toldYear - 1);
  const days = Math.floor((at - Date.UTC(eventYear, date.month, date.day)) / dayMs);
  if (days >= 0 && days <= 7) return 1;
  if (since === 0) return 0.5;
  return days > 0 && days <= 40 ? 0.3 : 0;
}

/** Whole months from the named one on; with an open year the latest that is not later. */
function monthsBetween({ year: named, month }: NamedDate, toldYear: number, toldMonth: number): number {
  if (named === null) return (toldMonth - month + 12) % 12;
  return (toldYear - named) * 12 + toldMonth - month;
}
