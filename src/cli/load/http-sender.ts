import http from "node:http";
import https from "node:https";
import type { SendOne } from "./open-loop.ts";

export interface SenderOptions {
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  /** The body of a request by its number. */
  readonly body: (index: number) => unknown;
  /** Trusted beside the known ones, for a balancer with a self-signed certificate. */
  readonly certificate?: string;
}

/** Keeps connections, reads every answer to its end. `fetch` would cost more than some of the requests. */
export function httpSender({ url, apiKey, timeoutMs, body, certificate }: SenderOptions): {
  send: SendOne;
  close: () => void;
} {
  const secure = url.protocol === "https:";
  const agent = secure
    ? new https.Agent({ keepAlive: true, ...(certificate === undefined ? {} : { ca: certificate }) })
    : new http.Agent({ keepAlive: true });
  const request = secure ? https.request : http.request;
  const headers = {
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  const send: SendOne = (index) =>
    new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException): void => resolve(error.code ?? "error");
      const sent = request(url, { method: "POST", agent, headers, timeout: timeoutMs }, (response) => {
        response.resume().on("error", failed);
        response.on("end", () => resolve(String(response.statusCode)));
      });
      sent.on("error", failed);
      sent.on("timeout", () => sent.destroy(Object.assign(new Error("timeout"), { code: "timeout" })));
      sent.end(JSON.stringify(body(index)));
    });
  return { send, close: () => agent.destroy() };
}
