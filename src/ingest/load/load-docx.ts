import mammoth from "mammoth";
import { htmlBlocks } from "./html-blocks.ts";
import { parseHtml } from "./load-html.ts";
import type { Loader } from "./loaded-document.ts";
import { unreadable } from "./refusal.ts";
import { textBuilder } from "./text-builder.ts";
import { readZip } from "./zip.ts";
import { elementText, findElements, parseXml } from "./xml.ts";

const mime = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/** Word documents by way of HTML. The archive is checked before the converter unpacks it. */
export const loadDocx: Loader = async ({ bytes, name }) => {
  const core = await readZip(bytes, name, (path) => path === "docProps/core.xml");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { value: html } = await mammoth
    .convertToHtml(
      { buffer },
      {
        convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: "" })),
        styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Caption'] => figcaption:fresh"],
        externalFileAccess: false,
      },
    )
    .catch((error: unknown) => {
      throw unreadable(name, "its Word content is damaged", error);
    });
  const builder = textBuilder();
  htmlBlocks(parseHtml(html).root, builder, { dropFurniture: false });
  const built = builder.finish();
  const [first] = built.blocks;
  const heading = first?.kind === "heading" ? (first.label ?? null) : null;
  return { title: coreTitle(core.get("docProps/core.xml"), name) ?? heading, mime, ...built, metadata: {} };
};

/** The title among the properties of an Office file. */
export function coreTitle(core: Uint8Array | undefined, name: string): string | null {
  if (!core) return null;
  const [title] = findElements(parseXml(core, name), "title");
  return (title && elementText(title).trim()) || null;
}
