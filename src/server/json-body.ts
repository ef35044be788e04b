import type { FastifyInstance, FastifyRequest } from "fastify";

/**
 * Reads JSON that is UTF-8 (RFC 8259, 8.1) and nothing else: another character set or a compressed body is a 415, and
 * bytes that are no UTF-8 a 400, not a text with other characters than were meant.
 */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    if (!isPlainUtf8(request)) return done(withStatus(415));
    const text = decoded(bytes as Buffer);
    return text === null ? done(withStatus(400)) : parse(request, text, done);
  });
}

function isPlainUtf8({ headers }: FastifyRequest): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(headers["content-type"] ?? "")?.[1] ?? "utf-8";
  const coding = headers["content-encoding"] ?? "identity";
  return /^(?:utf-?8|us-ascii)$/i.test(charset) && /^\s*identity\s*$/i.test(coding);
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const withStatus = (statusCode: number): Error => Object.assign(new Error("unreadable"), { statusCode });
