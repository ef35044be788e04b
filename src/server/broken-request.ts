import { randomUUID } from "node:crypto";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { problemOf, problemType } from "./problem.ts";

/** Answers what never became a request, since its bytes are no HTTP, are too many or come too slowly. */
export function answerBroken({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const { status, text, headers } = refusal(statuses[code ?? ""] ?? 400);
  const head = Object.entries({ ...headers, connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join("")}\r\n${text}`);
}

/** An `Expect` that is not `100-continue` (RFC 9110, 10.1.1). */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, text, headers } = refusal(417);
  response.writeHead(status, headers).end(text);
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function refusal(statusCode: number) {
  const id = randomUUID();
  const { status, problem } = problemOf({ statusCode }, id);
  const text = JSON.stringify(problem);
  const headers = {
    "content-type": problemType,
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
    "x-request-id": id,
  };
  return { status, text, headers };
}
