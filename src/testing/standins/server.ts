import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Fault, type FaultScript, faultScript } from "./fault.ts";
import { limitKeeper, type RateLimits } from "./limits.ts";

/** A request as a provider's rules see it. */
export interface StandinCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** The parsed body; undefined when it is no JSON. */
  readonly body: unknown;
}

/** One JSON value, or the frames of an event stream that are written one after the other. */
export interface StandinReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly frames?: readonly string[];
  readonly text?: string;
  /** What counts against tokens a minute. */
  readonly tokens?: number;
  readonly model?: string;
}

/** The provider's own "no": thrown by its rules, answered in its own shape. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string | null;
  constructor(status: number, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface ProviderRules {
  readonly name: string;
  /** `fault` is only for what happens inside an answer; the server itself plays all others. */
  answer(call: StandinCall, fault: Fault | null): StandinReply | Promise<StandinReply>;
  /** The provider's error in its own form. */
  refuse(status: number, message: string, code: string | null): StandinReply;
}

export interface StandinOptions {
  /** The only key that is accepted; a random one of the provider's shape by default. */
  readonly key?: string;
  readonly port?: number;
  /** Milliseconds before each answer. */
  readonly latencyMs?: number | ((path: string) => number);
  readonly limits?: RateLimits | null;
  readonly now?: () => number;
}

interface JournalEntry {
  readonly method: string;
  readonly path: string;
  /** Credentials are left out. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  readonly status: number | "hang" | "reset" | "cut";
  readonly tokens: number;
  readonly fault: Fault["kind"] | null;
}

export interface Standin {
  readonly name: string;
  readonly url: string;
  readonly key: string;
  /** Settings that make HybridRAG use this server. */
  readonly environment: Readonly<Record<string, string>>;
  readonly journal: readonly JournalEntry[];
  readonly faults: FaultScript;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that answers by `rules`. `GET /__health` always answers 200. */
export async function startServer(
  rules: ProviderRules,
  options: StandinOptions,
): Promise<Pick<Standin, "url" | "journal" | "faults" | "close">> {
  const journal: JournalEntry[] = [];
  const faults = faultScript();
  const keeper = limitKeeper(options.limits ?? null, options.now ?? Date.now);
  const ending = new AbortController();

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    if (call.path === "/__health") return send(response, { status: 200, json: { ok: true, name: rules.name } }, null);
    const latency = typeof options.latencyMs === "function" ? options.latencyMs(call.path) : (options.latencyMs ?? 0);
    if (latency > 0) await sleep(latency, undefined, { signal: ending.signal });
    const fault = faults.take(call.path);
    const reply = fault?.kind === "status" ? faultReply(rules, fault) : await limited(call, fault);
    journal.push({
      method: call.method,
      path: call.path,
      headers: withoutCredentials(call.headers),
      body: call.body,
      status: fault?.kind === "hang" || fault?.kind === "reset" || fault?.kind === "cut" ? fault.kind : reply.status,
      tokens: reply.tokens ?? 0,
      fault: fault?.kind ?? null,
    });
    await send(response, reply, fault);
  }

  async function limited(call: StandinCall, fault: Fault | null): Promise<StandinReply> {
    try {
      const reply = await rules.answer(call, fault);
      const waitMs = reply.model === undefined ? 0 : keeper.admit(reply.model, reply.tokens ?? 0);
      if (waitMs === 0) return reply;
      const seconds = Math.ceil(waitMs / 1000);
      const refusal = rules.refuse(429, "You have reached your rate limit. Slow down and try again.", "rate_limit");
      return { ...refusal, headers: { ...refusal.headers, "retry-after": String(seconds) } };
    } catch (error) {
      if (error instanceof Refusal) return rules.refuse(error.status, error.message, error.code);
      return rules.refuse(500, error instanceof Error ? error.message : "internal error", null);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    journal,
    faults,
    async close() {
      ending.abort();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readCall(request: IncomingMessage): Promise<StandinCall> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString("utf8");
  const url = new URL(request.url ?? "/", "http://standin");
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers,
    text,
    body: parse(text),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const credentials = new Set(["authorization", "x-api-key", "x-goog-api-key", "api-key"]);
const withoutCredentials = (headers: StandinCall["headers"]): StandinCall["headers"] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !credentials.has(name)));

function faultReply(rules: ProviderRules, fault: Fault & { kind: "status" }): StandinReply {
  const reply = rules.refuse(fault.status, `Scripted fault ${fault.status}.`, fault.code ?? null);
  if (fault.retryAfterSeconds === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, "retry-after": String(fault.retryAfterSeconds) } };
}

async function send(response: ServerResponse, reply: StandinReply, fault: Fault | null): Promise<void> {
  if (fault?.kind === "hang") return;
  if (fault?.kind === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const streamed = reply.frames !== undefined;
  const frames = (reply.frames ?? [reply.text ?? JSON.stringify(reply.json)]).map((frame) => Buffer.from(frame));
  const shown = fault?.kind === "malformed" ? malformed(streamed) : frames;
  response.writeHead(reply.status, {
    "content-type": streamed ? "text/event-stream" : "application/json",
    ...(streamed ? {} : { "content-length": String(total(shown)) }),
    ...reply.headers,
  });
  if (fault?.kind === "cut") return cut(response, shown, fault.bytes);
  if (fault?.kind === "drip") return drip(response, Buffer.concat(shown), fault.bytes, fault.everyMs);
  for (const frame of shown) response.write(frame);
  response.end();
}

const total = (frames: readonly Buffer[]): number => frames.reduce((sum, frame) => sum + frame.length, 0);

function malformed(streamed: boolean): Buffer[] {
  if (!streamed) return [Buffer.from('{"data": [{"embedding": [0.1, ')];
  return [Buffer.from('event: message_start\ndata: {"type": "message_st\n\n')];
}

function cut(response: ServerResponse, frames: readonly Buffer[], bytes: number): Promise<void> {
  return new Promise((resolve) => {
    response.write(Buffer.concat(frames).subarray(0, bytes), () => {
      response.socket?.destroy();
      resolve();
    });
  });
}

async function drip(response: ServerResponse, body: Buffer, bytes: number, everyMs: number): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    response.write(body.subarray(at, at + bytes));
    await sleep(everyMs);
  }
  response.end();
}
