/** What a heading names: a subject, and where it is numbered, a place that texts refer to. */
import { nameTokens } from "../name-key.ts";
import { sectionKey } from "./references.ts";

export interface HeadingParts {
  /** Null for headings that every document has ("Introduction"), for whole sentences and for the header of a table. */
  readonly name: string | null;
  /** "section 3 2", as references say it; null without a number. */
  readonly place: string | null;
}

const numbered =
  /^\s*(?:(section|chapter|appendix|annex|article|clause|part|§)\s*)?(\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})*|[IVX]+)(?:[.):]|\s*[–—-]\s|(?=\s)|$)\s*/iu;
const longestName = 7;
const generic = new Set(
  (
    "introduction,overview,summary,abstract,conclusion,conclusions,discussion,results,methods,method,background,notes," +
    "references,bibliography,contents,table of contents,see also,external links,further reading,appendix,index,faq,about," +
    "description,details,examples,example,usage,general,misc,miscellaneous,other,more,history,preface,foreword,scope," +
    "definitions,purpose,acknowledgements,acknowledgments,installation,license,changelog,getting started,related work"
  ).split(","),
);

/** Rows that were cut off from the header of their table have it as their last heading. */
const tableHeader = /^\s*\|/;

export function headingParts(heading: string): HeadingParts {
  if (tableHeader.test(heading)) return { name: null, place: null };
  const match = numbered.exec(heading);
  const isNumber = match !== null && (match[1] !== undefined || /\d/.test(match[2]!));
  const rest = isNumber ? heading.slice(match[0].length) : heading;
  const tokens = nameTokens(rest);
  const isName = tokens.length > 0 && tokens.length <= longestName && /\p{L}{3}|\p{Lo}/u.test(tokens.join(" "));
  return {
    name: isName && !generic.has(tokens.join(" ")) ? rest.trim() : null,
    place: isNumber ? sectionKey(match[1] ?? "section", match[2]!) : null,
  };
}
