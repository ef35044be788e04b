import { decodeText } from "./decode-text.ts";

/** A message or one of its parts, headers by lower-case name (RFC 5322, RFC 2045). */
export interface Mail {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

export interface MailPart {
  readonly type: string;
  readonly charset: string | undefined;
  /** Set for attachments. */
  readonly fileName: string | null;
  readonly content: Uint8Array;
}

const maxDepth = 10;

/** Headers up to the first blank line, then the body; a missing blank line makes everything body after bad lines. */
export function parseMail(bytes: Uint8Array): Mail {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const blank = /\r?\n\r?\n/u.exec(raw);
  const head = blank ? raw.slice(0, blank.index) : raw;
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r?\n[ \t]+/gu, " ").split(/\r?\n/u)) {
    const { name, value } = /^(?<name>[\w-]+)\s*:\s*(?<value>.*)$/u.exec(line)?.groups ?? {};
    if (name && !headers.has(name.toLowerCase()))
      headers.set(name.toLowerCase(), decodeText(Buffer.from(value ?? "", "latin1")));
  }
  return { headers, body: blank ? bytes.subarray(blank.index + blank[0].length) : new Uint8Array() };
}

/** The leaves of a message, in order. */
export function mailParts(mail: Mail, depth = 0): readonly MailPart[] {
  const contentType = mail.headers.get("content-type") ?? "text/plain";
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "text/plain";
  const boundary = parameter(contentType, "boundary");
  if (type.startsWith("multipart/") && boundary && depth < maxDepth) {
    return splitBody(mail.body, boundary).flatMap((part) => mailParts(parseMail(part), depth + 1));
  }
  const content = decodeTransfer(mail);
  if (type === "message/rfc822" && depth < maxDepth) return mailParts(parseMail(content), depth + 1);
  const disposition = mail.headers.get("content-disposition") ?? "";
  const named = parameter(disposition, "filename") ?? parameter(contentType, "name");
  const attached = /^attachment/iu.test(disposition) || (named !== null && !/^inline/iu.test(disposition));
  const fileName = attached ? decodeWords(named ?? "unnamed") : null;
  return [{ type, charset: parameter(contentType, "charset") ?? undefined, fileName, content }];
}

/** Quotes, blanks around the equals sign and what follows the quotes are forgiven. */
function parameter(header: string, name: string): string | null {
  const found = new RegExp(`${name}\\*?\\s*=\\s*(?:"(?<quoted>[^"]*)"|(?<bare>[^;\\s]+))`, "iu").exec(header)?.groups;
  return found?.["quoted"] ?? found?.["bare"] ?? null;
}

function splitBody(body: Uint8Array, boundary: string): readonly Uint8Array[] {
  const raw = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const parts = raw.split(`--${boundary}`).slice(1);
  const end = parts.findIndex((part) => part.startsWith("--"));
  return (end < 0 ? parts : parts.slice(0, end)).map((part) =>
    Buffer.from(part.replace(/^\r?\n|\r?\n$/gu, ""), "latin1"),
  );
}

function decodeTransfer({ headers, body }: Mail): Uint8Array {
  const encoding = headers.get("content-transfer-encoding")?.trim().toLowerCase();
  const raw = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  if (encoding === "base64") return Buffer.from(raw, "base64");
  return encoding === "quoted-printable" ? Buffer.from(unquote(raw), "latin1") : body;
}

const unquote = (text: string): string =>
  text
    .replace(/=[ \t]*\r?\n/gu, "")
    .replace(/=(?<code>[\dA-F]{2})/giu, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** Encoded words of headers (RFC 2047), as in `=?utf-8?Q?caf=C3=A9?=`. */
export const decodeWords = (header: string): string =>
  header
    .replace(/(?<=\?=)\s+(?==\?)/gu, "")
    .replace(
      /=\?(?<charset>[\w-]+)\?(?<kind>[BQ])\?(?<data>[^?]*)\?=/giu,
      (_, charset: string, kind: string, data: string) => {
        const bytes =
          kind.toUpperCase() === "B"
            ? Buffer.from(data, "base64")
            : Buffer.from(unquote(data.replaceAll("_", " ")), "latin1");
        return decodeText(bytes, charset);
      },
    )
    .trim();
