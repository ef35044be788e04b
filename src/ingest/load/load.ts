import { detectFormat, type Format } from "./detect-format.ts";
import type { LoadedDocument, Loader, LoadRequest } from "./loaded-document.ts";
import { asRefusal, noText } from "./refusal.ts";

/** Readers are imported when their format turns up: most are never needed. */
const loaders: Readonly<Record<Format, () => Promise<Loader>>> = {
  text: async () => (await import("./load-text.ts")).loadText,
  code: async () => (await import("./load-text.ts")).loadCode,
  markdown: async () => (await import("./load-markdown.ts")).loadMarkdown,
  html: async () => (await import("./load-html.ts")).loadHtml,
  csv: async () => (await import("./load-csv.ts")).loadCsv,
  json: async () => (await import("./load-json.ts")).loadJson,
  jsonl: async () => (await import("./load-json.ts")).loadJsonLines,
  notebook: async () => (await import("./load-notebook.ts")).loadNotebook,
  mail: async () => (await import("./load-mail.ts")).loadMail,
  subtitles: async () => (await import("./load-subtitles.ts")).loadSubtitles,
  latex: async () => (await import("./load-latex.ts")).loadLatex,
  asciidoc: async () => (await import("./load-asciidoc.ts")).loadAsciidoc,
  xml: async () => (await import("./load-xml.ts")).loadXml,
  pdf: async () => (await import("./load-pdf.ts")).loadPdf,
  docx: async () => (await import("./load-docx.ts")).loadDocx,
  pptx: async () => (await import("./load-pptx.ts")).loadPptx,
  xlsx: async () => (await import("./load-xlsx.ts")).loadXlsx,
  odt: async () => (await import("./load-open-document.ts")).loadOpenDocument,
  ods: async () => (await import("./load-open-document.ts")).loadOpenDocument,
  odp: async () => (await import("./load-open-document.ts")).loadOpenDocument,
  epub: async () => (await import("./load-epub.ts")).loadEpub,
};

/**
 * Reads a file of any known format. Runs in a worker: it may take long and may exhaust memory.
 * @throws HybridRAGError `unreadable`, `no_text`, `unsupported_type`, `too_large`; the message names the file.
 */
export async function load(request: LoadRequest): Promise<LoadedDocument> {
  try {
    if (request.bytes.length === 0) throw noText(request.name, "it is empty");
    const format = await detectFormat(request.bytes, request.name, request.mime);
    const document = await (await loaders[format]())({ ...request, bytes: plainBytes(request.bytes) });
    if (!/\S/u.test(document.text)) throw noText(request.name, "it holds nothing but white space");
    return document;
  } catch (error) {
    throw asRefusal(request.name, error);
  }
}

/** The PDF library takes no Buffer, though a Buffer is a Uint8Array. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
