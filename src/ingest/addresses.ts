/** What links of a document lead to, and by what addresses the document itself is reached. */
import { dirname, isAbsolute, posix, resolve } from "node:path";
import type { PassageLink } from "../records.ts";
import { wikiScheme } from "../text/link-address.ts";
import { nameKey } from "../text/name-key.ts";
import type { LoadedLink } from "./load/loaded-document.ts";
import { sourceOfPath } from "./sources.ts";

/** Ends of a path by which texts call a file: "hop.ts", "graph/hop.ts", "src/graph/hop.ts"; code also without ending. */
const longestEnd = 3;
const codeExtension = /\.(?:[cm]?[jt]sx?|py|java|kt)$/iu;

/** The address of a link that a reader found, seen from the document's source; null where it leads nowhere. */
export function addressOfLink({ kind, target }: Pick<LoadedLink, "kind" | "target">, source: string): string | null {
  if (kind === "anchor" || kind === "citation")
    return target.startsWith("#") ? `${source}#${decoded(target.slice(1))}` : target;
  return kind === "hyperlink" ? addressOfTarget(target, source) : target;
}

/** A file that running text names: "./hop.ts" lies beside the document, "graph/hop.ts" is the end of some path. */
export const addressOfFile = (path: string, source: string): string =>
  /^\.{1,2}\//u.test(path) && isAbsolute(source) ? sourceOfPath(resolve(dirname(source), path)) : bare(path);

const bare = (path: string): string => path.replace(/^(?:\.{0,2}\/)+/u, "");

/** The place in a target ("#install") belongs to the address; a relative one is seen from the source. */
function addressOfTarget(target: string, source: string): string | null {
  const at = target.indexOf("#");
  const page = at < 0 ? target : target.slice(0, at);
  const place = at < 0 ? "" : decoded(target.slice(at + 1));
  const address = page === "" ? source : addressOfPage(page, source);
  if (address === null || (page === "" && place === "")) return null;
  return place === "" ? address : `${address}#${place}`;
}

function addressOfPage(page: string, source: string): string | null {
  if (/^[a-z][a-z\d+.-]+:/iu.test(page)) return page;
  if (/^https?:/iu.test(source)) return URL.canParse(page, source) ? new URL(page, source).href : null;
  const path = decoded(page);
  if (isAbsolute(source)) return sourceOfPath(resolve(dirname(source), path));
  return path.startsWith("/") ? path : posix.normalize(posix.join(posix.dirname(source), path));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const ticketTitle = /^\W*([A-Z][A-Z0-9]{1,9}-\d{1,7})\b/u;
const numberTitle = /^\W*(?:issue|ticket|bug|pull request|merge request|pr|mr)?\s*[#!](\d{1,7})\b/iu;
const numberPath =
  /\/(?:issues?|pulls?|pull-requests|merge_requests|tickets?|bugs?)\/(\d{1,7})(?:\.\w{1,5})?(?:[?#].*)?$/iu;

/** By what else than its source texts mean a document: ends of its path, the ticket that it is. */
export function addressesOfDocument({ source, title }: { readonly source: string; readonly title: string }): string[] {
  const ticket = ticketTitle.exec(title)?.[1];
  const number = numberTitle.exec(title)?.[1] ?? numberPath.exec(source)?.[1];
  return [
    ...endsOfPath(source),
    ...pageAddresses(source, title),
    ...(ticket === undefined ? [] : [nameKey(ticket)]),
    ...(number === undefined ? [] : [`#${number}`]),
  ];
}

const page = /^(?<path>.*\/)?(?<name>[^/]+)\.(?:md|mdx|markdown|html?)$/iu;

/** Sites leave out the ending of a page and the name of a folder's first page; wikis go by the page's name. */
function pageAddresses(source: string, title: string): readonly string[] {
  const { path = "", name } = page.exec(source)?.groups ?? {};
  if (name === undefined) return [];
  const isFirst = /^(?:index|readme)$/iu.test(name) && path !== "";
  const names = [...new Set([nameKey(name), nameKey(title)])].filter((key) => key !== "");
  return [path + name, ...(isFirst ? [path.slice(0, -1)] : []), ...names.map((key) => `${wikiScheme}${key}`)];
}

function endsOfPath(source: string): readonly string[] {
  const parts = source
    .replace(/[?#].*$/u, "")
    .split("/")
    .filter(Boolean);
  if (parts.length < 2 || !/\.\w{1,10}$/u.test(parts.at(-1)!)) return [];
  const stem = source.replace(codeExtension, "");
  const ends = Array.from({ length: Math.min(longestEnd, parts.length) }, (_none, length) =>
    parts.slice(parts.length - length - 1).join("/"),
  );
  if (stem === source) return ends;
  return [...ends, ...ends.map((end) => end.replace(codeExtension, "")), stem];
}

/** The addresses of a document as places of its first passage. */
export const anchorsOfDocument = (
  document: { readonly source: string; readonly title: string },
  { chunk_id, span }: { readonly chunk_id: string; readonly span: { readonly start: number; readonly end: number } },
): readonly PassageLink[] =>
  addressesOfDocument(document).map((target) => ({
    chunk_id,
    kind: "anchor",
    target,
    start: span.start,
    end: span.end,
  }));
