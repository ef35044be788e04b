import { isWideText, strictUtf8 } from "./decode-text.ts";
import { unreadable, unsupported } from "./refusal.ts";
import { zipNames } from "./zip.ts";

export type Format =
  | "text"
  | "code"
  | "markdown"
  | "html"
  | "csv"
  | "json"
  | "jsonl"
  | "notebook"
  | "mail"
  | "subtitles"
  | "latex"
  | "asciidoc"
  | "xml"
  | "pdf"
  | "docx"
  | "pptx"
  | "xlsx"
  | "odt"
  | "ods"
  | "odp"
  | "epub";

const byExtension: Readonly<Record<string, Format>> = {
  txt: "text",
  text: "text",
  log: "text",
  rst: "text",
  org: "text",
  nfo: "text",
  md: "markdown",
  markdown: "markdown",
  mdx: "markdown",
  html: "html",
  htm: "html",
  xhtml: "html",
  csv: "csv",
  tsv: "csv",
  tab: "csv",
  json: "json",
  geojson: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  ipynb: "notebook",
  eml: "mail",
  vtt: "subtitles",
  srt: "subtitles",
  tex: "latex",
  latex: "latex",
  adoc: "asciidoc",
  asciidoc: "asciidoc",
  xml: "xml",
  nxml: "xml",
  pdf: "pdf",
  docx: "docx",
  docm: "docx",
  pptx: "pptx",
  pptm: "pptx",
  xlsx: "xlsx",
  xlsm: "xlsx",
  odt: "odt",
  ods: "ods",
  odp: "odp",
  epub: "epub",
};

const codeExtensions = new Set(
  (
    "bash bat c cc clj conf cpp cs css cxx dart diff elm erl ex fish go gradle graphql h hh hpp hs ini java jl js jsx kt " +
    "less lua m make mjs cjs ml patch php pl properties proto ps1 py r rb rs sass scala scss sh sql svelte swift tf " +
    "toml ts tsx vim vue yaml yml zig zsh"
  ).split(" "),
);

const byMime: Readonly<Record<string, Format>> = {
  "text/markdown": "markdown",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/json": "json",
  "application/x-ndjson": "jsonl",
  "message/rfc822": "mail",
  "text/vtt": "subtitles",
  "application/xml": "xml",
  "text/xml": "xml",
  "text/x-tex": "latex",
  "application/x-ipynb+json": "notebook",
};

const binaryFormats = new Set<Format>(["pdf", "docx", "pptx", "xlsx", "odt", "ods", "odp", "epub"]);

/** Files that we know and cannot read: first bytes → what they are. */
const foreignMagic: readonly (readonly [magic: string, what: string])[] = [
  ["\x1f\x8b", "it is a gzip archive; unpack it first"],
  ["\x89PNG", "it is an image"],
  ["\xff\xd8\xff", "it is an image"],
  ["GIF8", "it is an image"],
  ["II*\0", "it is an image"],
  ["MM\0*", "it is an image"],
  ["7z\xbc\xaf", "it is a 7-Zip archive; unpack it first"],
  ["Rar!", "it is a RAR archive; unpack it first"],
  ["\xfd7zXZ", "it is an xz archive; unpack it first"],
  ["BZh", "it is a bzip2 archive; unpack it first"],
  ["\x28\xb5\x2f\xfd", "it is a zstd archive; unpack it first"],
  ["\x7fELF", "it is a program"],
  ["SQLite format 3", "it is a database"],
  ["PAR1", "it is a Parquet table"],
  ["OggS", "it is audio"],
  ["ID3", "it is audio"],
  ["{\\rtf", "it is Rich Text; save it as DOCX or PDF"],
];

/** Decides the format by the bytes first, the extension second, the declared type last. */
export async function detectFormat(bytes: Uint8Array, name: string, mime?: string): Promise<Format> {
  const head = latin1(bytes.subarray(0, 1024));
  const named = byName(name);
  if (head.includes("%PDF-")) return "pdf";
  if (head.startsWith("PK\x03\x04") || head.startsWith("PK\x05\x06")) return zipFormat(bytes, name);
  if (head.startsWith("\xd0\xcf\x11\xe0")) throw oldOffice(bytes, name);
  const foreign = foreignMagic.find(([magic]) => head.startsWith(magic));
  if (foreign) throw unsupported(name, foreign[1]);
  if (named && binaryFormats.has(named))
    throw unreadable(name, `its name says ${named.toUpperCase()}, its content does not`);
  if (isBinary(bytes)) throw unsupported(name, "it is neither text nor a known kind of document");
  return named ?? byMime[mime?.split(";", 1)[0]?.trim().toLowerCase() ?? ""] ?? sniffText(head);
}

function byName(name: string): Format | null {
  const extension = /\.([^./\\]+)$/u.exec(name)?.[1]?.toLowerCase() ?? "";
  return byExtension[extension] ?? (codeExtensions.has(extension) ? "code" : null);
}

function sniffText(head: string): Format {
  const start = head.replace(/^\xef\xbb\xbf/u, "").trimStart();
  if (/^<!doctype html|^<html[\s>]/iu.test(start)) return "html";
  if (start.startsWith("<?xml")) return "xml";
  if (start.startsWith("WEBVTT")) return "subtitles";
  return "text";
}

async function zipFormat(bytes: Uint8Array, name: string): Promise<Format> {
  const names = await zipNames(bytes, name);
  const has = (path: string): boolean => names.includes(path);
  if (names.some((entry) => entry.startsWith("word/"))) return "docx";
  if (names.some((entry) => entry.startsWith("ppt/"))) return "pptx";
  if (names.some((entry) => entry.startsWith("xl/"))) return "xlsx";
  if (has("META-INF/container.xml")) return "epub";
  if (has("content.xml")) {
    const kind = /vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)/u.exec(latin1(bytes.subarray(0, 200)))?.[1];
    const named = byName(name);
    if (kind === "spreadsheet" || (!kind && named === "ods")) return "ods";
    if (kind === "presentation" || (!kind && named === "odp")) return "odp";
    return "odt";
  }
  throw unsupported(name, "it is an archive; unpack it first");
}

function oldOffice(bytes: Uint8Array, name: string): Error {
  const encrypted = Buffer.from("EncryptedPackage", "utf16le");
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(encrypted)) {
    return unreadable(name, "it is encrypted; remove the password first");
  }
  return unsupported(name, "it is an old Office file; save it as DOCX, XLSX or PPTX");
}

/** Text may hold a few control characters; zeros only in UTF-16 and UTF-32. */
function isBinary(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || isWideText(bytes)) return false;
  const sample = bytes.subarray(0, 8192);
  const controls = sample.filter((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127).length;
  const zeros = sample.includes(0);
  const share = controls / sample.length;
  return strictUtf8(bytes) === null ? zeros || share > 0.01 : share > 0.1;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
