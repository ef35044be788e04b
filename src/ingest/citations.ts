/** What a text cites, and the entries of its list of references: places within it, and works by their DOI or arXiv number. */
import type { LoadedLink, TextRange } from "./load/loaded-document.ts";

interface CitingText {
  readonly text: string;
  readonly source: string;
  /** Of the document; `doi` says what work it is. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly links: readonly LoadedLink[];
  /** From its first passage to its last: what stands before and behind, such as a list of addresses, is not of the text. */
  readonly span: TextRange;
}

/** An entry of a list of references. */
interface Entry extends TextRange {
  /** What texts cite it by: "12", "^note", "doe 2003", "key of BibTeX". */
  readonly label: string;
}

/** https://www.crossref.org/blog/dois-and-matching-regular-expressions/, without what ends a sentence. */
const doiPattern = /\b10\.\d{4,9}\/[\w.;()/:<>+-]*[\w/]/g;
const arxivPattern = /\barxiv(?::\s?|\.org\/(?:abs|pdf)\/)(\d{4}\.\d{4,5})/gi;

/** Citations in the order of the text, and anchors of what they lead to. */
export function citationsIn({ text: whole, source, metadata, links, span }: CitingText): LoadedLink[] {
  const text = whole.slice(0, span.end);
  const entries = entriesIn(text);
  const own = ownWorks(text.slice(span.start), source, metadata);
  const works = worksIn(text).filter(({ target }) => !own.includes(target));
  const found = citedIn(text, entries);
  const labels = new Set(found.map((one) => one.label));
  const anchors = [
    ...entries
      .filter((entry) => labels.has(entry.label))
      .map((entry) => anchorOf(placeOf(entry.label), entry.start, entry.end)),
    ...own.map((work) => anchorOf(work, span.start, span.start)),
  ];
  // What an entry names is cited where the entry is, so that one step leads there.
  const named = new Map(
    entries
      .filter((entry) => labels.has(entry.label))
      .map((entry) => [
        entry.label,
        [
          ...works.filter((work) => work.start >= entry.start && work.end <= entry.end).map(({ target }) => target),
          ...(text.slice(entry.start, entry.end).match(webPattern) ?? []),
        ],
      ]),
  );
  const cited = found.flatMap(({ label, start, end }): LoadedLink[] =>
    [placeOf(label), ...named.get(label)!].map((target) => citation(target, start, end)),
  );
  const linked = links.flatMap(({ kind, target, start, end }) =>
    kind === "hyperlink" ? worksIn(target).map((work) => citation(work.target, start, end)) : [],
  );
  return [...anchors, ...distinct([...cited, ...works, ...linked])];
}

/** An address in the entry of a note or a mail; what ends a sentence is none of it. */
const webPattern = /\bhttps?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:]/g;

const placeOf = (label: string): string => `#cite-${label}`;
const anchorOf = (target: string, start: number, end: number): LoadedLink => ({ kind: "anchor", target, start, end });
const citation = (target: string, start: number, end: number): LoadedLink => ({ kind: "citation", target, start, end });

const distinct = (links: readonly LoadedLink[]): readonly LoadedLink[] => [
  ...new Map(links.map((link) => [`${link.start} ${link.target}`, link])).values(),
];

const worksIn = (text: string): readonly LoadedLink[] => [
  ...[...text.matchAll(doiPattern)].map(({ 0: doi, index }) =>
    citation(`doi:${trimmedDoi(doi)}`, index, index + doi.length),
  ),
  ...[...text.matchAll(arxivPattern)].map(({ 0: whole, 1: number, index }) =>
    citation(`arxiv:${number}`, index, index + whole.length),
  ),
];

/** DOIs do not distinguish case; a bracket that was not opened within it belongs to the sentence. */
function trimmedDoi(doi: string): string {
  const [opened, closed] = [doi.split("(").length, doi.split(")").length];
  return (closed > opened ? doi.slice(0, doi.lastIndexOf(")")) : doi).toLowerCase();
}

/** Papers say on a line of their own which they are. */
const head = 1500;
const ownLine =
  /^[ \t]*(?:(?:doi|digital object identifier)[ \t]*:?[ \t]*)?(?:https?:\/\/(?:dx\.)?doi\.org\/)?(10\.\d{4,9}\/\S+)[ \t]*$/gim;
const ownStamp = /^[ \t]*arxiv:\s?(\d{4}\.\d{4,5})(?:v\d+)?(?:[ \t].*)?$/gim;

/** The works that a document is. */
function ownWorks(text: string, source: string, metadata: CitingText["metadata"]): readonly string[] {
  const start = text.slice(0, head);
  const said = typeof metadata["doi"] === "string" ? metadata["doi"] : "";
  const works = [
    ...worksIn(/doi\.org|arxiv\.org/i.test(source) ? source : ""),
    ...worksIn(said),
    ...[...start.matchAll(ownLine)].slice(0, 1).flatMap(([, doi]) => worksIn(doi!)),
  ].map(({ target }) => target);
  const stamps = [...start.matchAll(ownStamp)].map(([, number]) => `arxiv:${number}`);
  const [named] = /(?<=^|\/)\d{4}\.\d{4,5}(?=(?:v\d+)?\.pdf$)/i.exec(source) ?? [];
  return [...new Set([...works, ...stamps, ...(named === undefined ? [] : [`arxiv:${named}`])])];
}

/** "12", the note "^a", "Knu97". */
const label = String.raw`\^[\w.-]{1,40}|\d{1,3}|[A-Z][A-Za-z+]{1,8}\d{2,4}[a-z]?`;
const bracketEntry = new RegExp(String.raw`^[ \t]*(?:[-*][ \t]+)?\[(${label})\]:?[ \t]+(?=\S.{8,})`, "gm");
const bibItem = /\\bibitem(?:\[[^\]]{0,100}\])?\{([^{}]{1,100})\}/g;
const listHeading =
  /^[ \t]*(?:#{1,6}[ \t]+)?(?:\d+\.?[ \t]+)?(?:references|bibliography|works cited|literature(?: cited)?)[ \t:]*#*$/gim;
const numberedEntry = /^[ \t]*(\d{1,3})\.[ \t]+(?=\S.{8,})/gm;
const authoredEntry = /^[ \t]*(?:[-*•][ \t]+)?(\p{Lu}[\p{L}'’-]+),? [^\n]*?\(?\b((?:19|20)\d{2}[a-z]?)\b/gmu;

/** Longer paragraphs are no entry. */
const longestEntry = 1000;
const mostEntries = 1000;

function entriesIn(text: string): readonly Entry[] {
  const heading = [...text.matchAll(listHeading)].at(-1);
  const from = heading === undefined ? text.length : heading.index + heading[0].length;
  const listed = (pattern: RegExp) => [...text.slice(from).matchAll(pattern)];
  const starts = [
    ...[...text.matchAll(bracketEntry)].map(({ 1: label, index }) => ({ label: label!, start: index })),
    ...[...text.matchAll(bibItem)].map(({ 1: label, index }) => ({ label: label!.trim(), start: index })),
    ...listed(numberedEntry).map(({ 1: label, index }) => ({ label: label!, start: from + index })),
    ...listed(authoredEntry).map(({ 1: name, 2: year, index }) => ({
      label: authorKey(name!, year!),
      start: from + index,
    })),
  ];
  const known = new Set<string>();
  return starts
    .toSorted((a, b) => a.start - b.start)
    .slice(0, mostEntries)
    .map(({ label, start }, at, all) => {
      let next = at + 1;
      while (all[next]?.start === start) next += 1;
      const blank = text.indexOf("\n\n", start + 1);
      const end = Math.min(all[next]?.start ?? text.length, blank < 0 ? text.length : blank, start + longestEntry);
      return { label, start, end };
    })
    .filter(({ label }) => !known.has(label) && known.add(label));
}

const authorKey = (name: string, year: string): string => `${name.toLowerCase()} ${year}`;

const bracketed = new RegExp(String.raw`\[((?:${label})(?:\s?[,;–-]\s?(?:${label}))*)\](?![(:[])`, "g");
const authored =
  /(?<![\p{L}'’-])(\p{Lu}[\p{L}'’-]{1,60})(?: et al\.?,?| (?:and|&) \p{Lu}[\p{L}'’-]{1,60},?|,)? \(?((?:19|20)\d{2}[a-z]?)\b/gu;
const cited = /\\[a-z]{0,12}cite[a-z]{0,12}\*?(?:\[[^\]]{0,200}\]){0,2}\{([^{}]{1,500})\}/g;

/** Citations of entries, outside of the entries. */
function citedIn(text: string, entries: readonly Entry[]): readonly Entry[] {
  const known = new Set(entries.map(({ label }) => label));
  if (known.size === 0) return [];
  const at = (labels: readonly string[], { 0: whole, index }: RegExpExecArray): readonly Entry[] =>
    labels.map((label) => ({ label, start: index, end: index + whole.length }));
  const found = [
    ...[...text.matchAll(bracketed)].flatMap((match) => at(labelsOf(match[1]!), match)),
    ...[...text.matchAll(authored)].flatMap((match) => at([authorKey(match[1]!, match[2]!)], match)),
    ...[...text.matchAll(cited)].flatMap((match) =>
      at(
        match[1]!.split(",").map((key) => key.trim()),
        match,
      ),
    ),
  ];
  let next = 0;
  return found
    .filter((one) => known.has(one.label))
    .toSorted((a, b) => a.start - b.start)
    .filter(({ start }) => {
      while (next < entries.length && entries[next]!.end <= start) next += 1;
      return next === entries.length || start < entries[next]!.start;
    });
}

/** "3, 5" are two, "4–6" three. */
function labelsOf(inside: string): readonly string[] {
  return inside.split(/\s?[,;]\s?/).flatMap((part) => {
    const range = /^(\d{1,3})\s?[–-]\s?(\d{1,3})$/.exec(part);
    if (range === null) return [part];
    const [first, last] = [Number(range[1]), Number(range[2])];
    if (last < first || last - first > 50) return [];
    return Array.from({ length: last - first + 1 }, (_none, step) => `${first + step}`);
  });
}
