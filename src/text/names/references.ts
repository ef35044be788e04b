/** What a text points at in so many words: sections, files, tickets. */
import { nameKey } from "../name-key.ts";

export interface TextReference {
  readonly kind: "reference" | "file" | "ticket";
  /** A section: "section 3 2"; a file: as written, without the ending of code that is imported; a ticket: "abc 123", "#12". */
  readonly target: string;
  readonly start: number;
  readonly end: number;
}

const parts =
  "sections?|sec\\.|§+|chapters?|ch\\.|appendix|appendices|annex|articles?|clauses?|figures?|fig\\.|tables?";
const partNumber = "(?:\\d{1,3}(?:\\.\\d{1,3}){0,4}(?![\\w%])|[A-Z](?:\\.\\d{1,3}){0,3}\\b|[IVX]{1,5}\\b)";
const sectionPattern = new RegExp(`(?<![\\w.])(${parts})\\s?(${partNumber})`, "gi");
const numberAsWritten = /^(?:\d|[A-Z])/;

const extensions =
  "pdf|docx?|xlsx?|pptx?|md|mdx|txt|rst|html?|csv|tsv|jsonl?|ya?ml|toml|xml|ini|env|conf|cfg|log|sql|sh|tsx?|jsx?|mjs|cjs|" +
  "py|rb|go|rs|java|kt|c|h|cc|cpp|hpp|cs|swift|php|ipynb|tex|proto|svg|png|jpe?g|gif|zip|gz|lock|wasm";
const filePattern = new RegExp(
  `(?<![\\w@:/.-])(?:\\.{0,2}/)?(?:[\\w.-]+/){0,12}[\\w-][\\w.-]*\\.(?:${extensions})(?![\\w/-]|\\.\\w)`,
  "g",
);

/** What code imports: a path that begins with a dot, with or without its ending. */
const importPattern = /\b(?:from|import|require\(|import\()\s*["'](\.{1,2}\/[\w./-]+)["']/g;

/** Modules by their dotted name, each on a line of its own: Python, Java, Kotlin. */
const fromPattern = /^[ \t]*from[ \t]+(\.*[A-Za-z_][\w.]*|\.+)[ \t]+import[ \t]+\(?([\w, \t]*)/gm;
const modulesPattern =
  /^[ \t]*import[ \t]+(?:static[ \t]+)?([A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?)*)[ \t]*;?[ \t]*$/gm;
/** Of a long dotted name, as many parts as files are called by. */
const longestModule = 3;

const numberPattern = /(?<![\w&/#])#(\d{1,5})(?![\w-])/g;
const ticketPattern = /(?<![\w-])([A-Z][A-Z0-9]{1,9})-(\d{1,7})(?![\w-])/g;
/** Standards, codes and products that are written like tickets. */
const notTickets = new Set(
  "UTF ISO IEC SHA MD AES RSA COVID SARS HTTP RFC GPT CVE ISBN ISSN DIN EN IEEE UN US F B A MP PM CO RS USB BM".split(
    " ",
  ),
);

/** In the order of the text; offsets are into `text`. */
export function findReferences(text: string): TextReference[] {
  return [sectionsIn, filesIn, importsIn, modulesIn, ticketsIn, numbersIn]
    .flatMap((found) => found(text))
    .toSorted((a, b) => a.start - b.start);
}

/** The name of a numbered part, the same for a heading and for what refers to it. */
export const sectionKey = (kind: string, number: string): string => `${partNames(kind)} ${nameKey(number)}`;

function partNames(kind: string): string {
  const word = kind.toLowerCase();
  if (word.startsWith("§") || word.startsWith("sec")) return "section";
  if (word.startsWith("ch")) return "chapter";
  if (word.startsWith("fig")) return "figure";
  return word.startsWith("appendi") ? "appendix" : word.replace(/s$/, "");
}

const sectionsIn = (text: string): TextReference[] =>
  [...text.matchAll(sectionPattern)]
    .filter(([, , number]) => numberAsWritten.test(number!))
    .map(({ 0: whole, 1: kind, 2: number, index }) => ({
      kind: "reference",
      target: sectionKey(kind!, number!),
      start: index,
      end: index + whole.length,
    }));

const filesIn = (text: string): TextReference[] =>
  [...text.matchAll(filePattern)].map(({ 0: path, index }) => ({
    kind: "file",
    target: path,
    start: index,
    end: index + path.length,
  }));

/** Code says "./hop.js" where the file is "./hop.ts". */
const importsIn = (text: string): TextReference[] =>
  [...text.matchAll(importPattern)].map(({ 0: whole, 1: path, index }) => {
    const start = index + whole.indexOf(path!);
    return { kind: "file", target: path!.replace(/\.[cm]?[jt]sx?$/, ""), start, end: start + path!.length };
  });

/** "from report import pdf_writer" may mean a file "report" or one in a folder of that name. */
function modulesIn(text: string): TextReference[] {
  const from = [...text.matchAll(fromPattern)].flatMap(({ 0: whole, 1: module, 2: names, index }) => {
    const parts = names!.split(",").flatMap((name) => /^\s*([a-z_]\w*)/.exec(name)?.[1] ?? []);
    const inside = parts.map((part) => (module!.endsWith(".") ? `${module}${part}` : `${module}.${part}`));
    const start = index + whole.indexOf(module!, whole.indexOf("from") + 4);
    return [...(/[^.]/.test(module!) ? [module!] : []), ...inside].map((name) => ({
      name,
      start,
      length: module!.length,
    }));
  });
  const plain = [...text.matchAll(modulesPattern)].flatMap(({ 0: whole, 1: list, index }) =>
    list!.split(",").map((one) => {
      const name = one.trim().split(/\s/, 1)[0]!;
      return { name, start: index + whole.indexOf(name, whole.indexOf("import") + 6), length: name.length };
    }),
  );
  return [...from, ...plain].map(({ name, start, length }) => ({
    kind: "file",
    target: pathOfModule(name),
    start,
    end: start + length,
  }));
}

/** "..report.pdf" → "../report/pdf", "com.acme.books.Ledger" → "acme/books/Ledger". */
function pathOfModule(name: string): string {
  const dots = /^\.*/.exec(name)![0].length;
  const parts = name.slice(dots).split(".").filter(Boolean);
  if (dots === 0) return parts.slice(-longestModule).join("/");
  return `${dots === 1 ? "./" : "../".repeat(dots - 1)}${parts.join("/")}`;
}

const numbersIn = (text: string): TextReference[] =>
  [...text.matchAll(numberPattern)].map(({ 0: target, index }) => ({
    kind: "ticket",
    target,
    start: index,
    end: index + target.length,
  }));

const ticketsIn = (text: string): TextReference[] =>
  [...text.matchAll(ticketPattern)]
    .filter(([, project]) => !notTickets.has(project!))
    .map(({ 0: ticket, index }) => ({
      kind: "ticket",
      target: nameKey(ticket),
      start: index,
      end: index + ticket.length,
    }));
