import { getDocumentProxy } from "unpdf";
import type { Block, Loader } from "./loaded-document.ts";
import { addPdfBlocks, type PdfPage } from "./pdf-blocks.ts";
import { pdfLines, type PdfItem } from "./pdf-lines.ts";
import { noText, tooLarge, unreadable } from "./refusal.ts";
import { oneLine, textBuilder } from "./text-builder.ts";

const maxPages = 5_000;
/** Titles that the writing program made up. */
const emptyTitle =
  /^(?:\P{L}+|untitled|microsoft (?:word|powerpoint|excel)\b.*|document\d*|slide 1|.*\.(?:docx?|pptx?|xlsx?|tex|dvi|indd|pdf|rtf))$/iu;

/** Text with its page, in reading order. Nothing is drawn, no script runs, no font or address is fetched. */
export const loadPdf: Loader = async ({ bytes, name }) => {
  const pdf = await openPdf(bytes, name);
  if (pdf.numPages > maxPages) throw tooLarge(name, "the number of pages", pdf.numPages, maxPages);
  const pages: PdfPage[] = [];
  for (let page = 1; page <= pdf.numPages; page += 1) {
    const proxy = await pdf.getPage(page);
    const { items } = await proxy.getTextContent({ disableNormalization: true });
    pages.push({ page, lines: pdfLines(items.filter((item): item is typeof item & PdfItem => "str" in item)) });
    proxy.cleanup();
  }
  const builder = textBuilder();
  addPdfBlocks(pages, builder);
  const built = builder.finish();
  if (!/[\p{L}\p{N}]/u.test(built.text)) {
    throw noText(name, "its pages are scanned images or blank; run text recognition (OCR) on it first");
  }
  const title = (await infoTitle(pdf)) ?? firstTitle(built.blocks);
  const text = built.text.toWellFormed().replaceAll("\0", "\uFFFD");
  return { title, mime: "application/pdf", ...built, text, metadata: {} };
};

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

async function openPdf(bytes: Uint8Array, name: string): Promise<Pdf> {
  try {
    return await getDocumentProxy(bytes, {
      useSystemFonts: false,
      disableFontFace: true,
      stopAtErrors: false,
      verbosity: 0,
    });
  } catch (error) {
    if (error instanceof Error && error.name === "PasswordException") {
      throw unreadable(name, "it is encrypted; remove the password first", error);
    }
    throw unreadable(name, "its PDF structure is damaged", error);
  }
}

async function infoTitle(pdf: Pdf): Promise<string | null> {
  const metadata = await pdf.getMetadata().catch(() => null);
  const info: Record<string, unknown> = { ...metadata?.info };
  const title = typeof info["Title"] === "string" ? oneLine(info["Title"].replaceAll("\0", "")) : "";
  return title && !emptyTitle.test(title) ? title : null;
}

/** The first heading of the first page. */
function firstTitle(blocks: readonly Block[]): string | null {
  const heading = blocks.find((block) => block.kind === "heading" && block.page === 1);
  return heading?.level === 1 ? (heading.label ?? null) : null;
}
