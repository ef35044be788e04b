import type { MetadataValue } from "../../records.ts";
import { decodeText } from "./decode-text.ts";
import { htmlBlocks } from "./html-blocks.ts";
import { parseHtml } from "./load-html.ts";
import { textDocument } from "./load-text.ts";
import type { LoadedLink, Loader } from "./loaded-document.ts";
import { decodeWords, mailParts, parseMail, type MailPart } from "./mail-parts.ts";
import { textBuilder, type TextBuilder } from "./text-builder.ts";

const shownHeaders = ["from", "to", "cc", "date", "subject"] as const;

/** A message: its headers, its text (HTML only where there is no plain text), text attachments, names of the others. */
export const loadMail: Loader = ({ bytes }) => {
  const mail = parseMail(bytes);
  const header = (name: string): string => decodeWords(mail.headers.get(name) ?? "");
  const builder = textBuilder();
  const lines = shownHeaders.filter((name) => header(name)).map((name) => `${capitalised(name)}: ${header(name)}`);
  builder.block("paragraph", lines.join("\n"));
  const parts = mailParts(mail);
  const plain = parts.filter((part) => part.type === "text/plain" && !part.fileName);
  const bodies = plain.length > 0 ? plain : parts.filter((part) => part.type === "text/html" && !part.fileName);
  for (const part of bodies) addPart(part, builder);
  for (const part of parts.filter(({ fileName }) => fileName)) addAttachment(part, builder);
  const metadata: Record<string, MetadataValue> = {};
  for (const name of ["from", "to", "subject", "message-id"])
    if (header(name)) metadata[name.replace("-", "_")] = header(name);
  const date = new Date(header("date"));
  if (!Number.isNaN(date.getTime())) metadata["timestamp"] = date.toISOString();
  const built = builder.finish();
  const links = [...threadLinks(header, built.text), ...built.links];
  return { title: header("subject") || null, mime: "message/rfc822", ...built, links, metadata };
};

/** Longer threads are joined from message to message. */
const mostAncestors = 10;

/** This message, the one it answers and those before, carried by the first line of the headers (RFC 5322, 3.6.4). */
function threadLinks(header: (name: string) => string, text: string): readonly LoadedLink[] {
  const range = { start: 0, end: text.search(/\n|$/u) };
  const [own] = messageIds(header("message-id"));
  const answered = new Set([
    ...messageIds(header("in-reply-to")),
    ...messageIds(header("references")).slice(-mostAncestors),
  ]);
  return [
    ...(own === undefined ? [] : [{ kind: "anchor" as const, target: own, ...range }]),
    ...[...answered].filter((id) => id !== own).map((target) => ({ kind: "reply" as const, target, ...range })),
  ];
}

const messageIds = (header: string): readonly string[] => header.match(/<[^<>\s]+>/gu) ?? [];

function addPart(part: MailPart, builder: TextBuilder): void {
  const text = decodeText(part.content, part.charset);
  if (part.type === "text/html") {
    htmlBlocks(parseHtml(text).root, builder, { dropFurniture: false });
    return;
  }
  const document = textDocument(text, "text/plain");
  for (const { kind, start, end } of document.blocks)
    builder.block(kind === "heading" ? "paragraph" : kind, text.slice(start, end));
}

function addAttachment(part: MailPart, builder: TextBuilder): void {
  builder.block("heading", `Attachment: ${part.fileName}`, { level: 2 });
  if (part.type.startsWith("text/")) addPart(part, builder);
}

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
