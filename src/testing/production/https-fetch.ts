import https from "node:https";
import { Readable } from "node:stream";
import { publicHost } from "./balancer.ts";

/** `fetch` that trusts one certificate more, for clients of a balancer with a self-signed one. */
export function httpsFetch(certificate: string): { fetch: typeof globalThis.fetch; close: () => void } {
  const agent = new https.Agent({ keepAlive: true, ca: certificate, servername: publicHost });
  const send: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise<Response>((resolve, reject) => {
      const headers = { ...Object.fromEntries(request.headers), host: publicHost, "content-length": body.length };
      const options = { method: request.method, headers, agent, signal: request.signal };
      const sent = https.request(request.url, options, (response) => {
        const status = response.statusCode ?? 500;
        const hasBody = ![204, 304].includes(status);
        if (!hasBody) response.resume();
        const content = hasBody ? (Readable.toWeb(response) as ReadableStream<Uint8Array>) : null;
        resolve(new Response(content, { status, headers: headersOf(response.headers) }));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  };
  return { fetch: send, close: () => agent.destroy() };
}

const headersOf = (headers: NodeJS.Dict<string | string[]>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
