import { lookup } from "node:dns/promises";
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import type { PageFetcher } from "../ports/page-fetcher.ts";
import { guard, type Guard, type Resolve, shownAddress } from "./guard.ts";

const timeoutMs = 30_000;
const mostRedirects = 5;

export interface PageFetcherOptions {
  /** Hosts, or hosts with a port, that are fetched from wherever they are. */
  readonly allowed: readonly string[];
  readonly userAgent: string;
  readonly resolve?: Resolve;
}

/** Fetches pages with Node's own HTTP, since its `fetch` does not let the address be chosen that is connected to. */
export function pageFetcher({ allowed, userAgent, resolve = systemNames }: PageFetcherOptions): PageFetcher {
  const guarded = guard(allowed, resolve);
  return async (first, { maxBytes, signal }) => {
    const late = AbortSignal.timeout(timeoutMs);
    const ends = signal === undefined ? late : AbortSignal.any([signal, late]);
    let address = first;
    try {
      for (let hops = 0; hops <= mostRedirects; hops++) {
        const response = await get(guarded, address, userAgent, ends);
        const target = targetOf(response, address);
        if (target === null) {
          requireSuccess(response, address);
          return { bytes: await bytesOf(response, address, maxBytes), mime: mimeOf(response) };
        }
        response.destroy();
        address = target;
      }
    } catch (error) {
      throw translated(error, first, signal, late);
    }
    throw failed(first, `it leads on more than ${mostRedirects} times`);
  };
}

const systemNames: Resolve = (name) => lookup(name, { all: true });

/** Every address is checked, that of a redirect as well. */
async function get(guarded: Guard, address: URL, userAgent: string, signal: AbortSignal): Promise<IncomingMessage> {
  guarded.check(address);
  const addresses = await guarded.addressesOf(address);
  const send = address.protocol === "https:" ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const options = {
      signal,
      // A connection of its own: none that another request has opened.
      agent: false,
      headers: { "user-agent": userAgent, accept: "text/html, */*;q=0.8", "accept-encoding": "identity" },
      lookup: (_name: string, { all }: { all?: boolean }, done: (...found: readonly unknown[]) => void) =>
        all === true ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family),
    };
    send(address, options as never, resolve)
      .on("error", reject)
      .end();
  });
}

function targetOf({ statusCode = 0, headers }: IncomingMessage, address: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return null;
  if (!URL.canParse(headers.location, address.href))
    throw failed(address, "it leads on to something that is no address");
  return new URL(headers.location, address);
}

function requireSuccess({ statusCode = 0, headers }: IncomingMessage, address: URL): void {
  if (statusCode === 404 || statusCode === 410)
    throw new HybridRAGError("not_found", `There is nothing at ${shownAddress(address)}.`);
  if (statusCode !== 200) throw failed(address, `it answered ${statusCode}`);
  const coding = headers["content-encoding"] ?? "identity";
  if (coding !== "identity") throw failed(address, "it answered compressed, which was not asked for");
}

async function bytesOf(response: IncomingMessage, address: URL, maxBytes: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBytes) {
      const details = { name: shownAddress(address), limit: maxBytes };
      throw new HybridRAGError("too_large", `${details.name} passes the limit of ${maxBytes} bytes.`, { details });
    }
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

const mimeOf = ({ headers }: IncomingMessage): string | null =>
  headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() || null;

function translated(error: unknown, address: URL, signal: AbortSignal | undefined, late: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (late.aborted)
    return new HybridRAGError("deadline_exceeded", `${shownAddress(address)} did not answer within ${timeoutMs} ms.`);
  return isHybridRAGError(error) ? error : failed(address, "no connection could be made or it broke off", error);
}

const failed = (address: URL, reason: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError("provider_failed", `${shownAddress(address)} could not be fetched: ${reason}.`, { cause });
