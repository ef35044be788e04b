import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** A caller's id is taken only in a form that is safe in a log; anything else gets a new one. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9_.:-]{8,100}$/.test(given) ? given : randomUUID();
}
