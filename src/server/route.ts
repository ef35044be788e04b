import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { HybridRAGError } from "../errors.ts";
import type { KeyScope } from "../ports/key-store.ts";
import type { GivenDocument } from "../ingest/sources.ts";
import type { Principal } from "./api-key.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";

/** What a route's function is given: everything is checked, and `signal` fires when the client goes away. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly wantsStream: boolean;
  /** What was uploaded. */
  readonly uploaded: GivenDocument | undefined;
  readonly raw: FastifyRequest;
}

/** A server-sent event. */
export interface StreamEvent {
  readonly event?: string;
  readonly data: unknown;
}

export type Reply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly stream: AsyncIterable<StreamEvent>; readonly done?: string }
  /** Text of any length, sent as it is made; a fault in the middle breaks the connection off. */
  | { readonly pieces: AsyncIterable<string>; readonly headers: Readonly<Record<string, string>> };

/** A route as data: served, validated, documented and called by the client from this one description. */
export interface Route {
  readonly method: Method;
  /** With `{name}` for parameters, as in OpenAPI. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Null: no credential needed. */
  readonly needs: KeyScope | null;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The body holds documents and may be larger than others. */
  readonly large?: true;
  /** The body is multipart/form-data with one file field; this reads it, since there is no schema to check. */
  readonly upload?: (request: FastifyRequest) => Promise<GivenDocument>;
  /** The same answer as events, on `Accept: text/event-stream`. */
  readonly streams?: true;
  /** The answer may be text of one of these types instead. */
  readonly textTypes?: readonly string[];
  /** Problems carry an `error` as well, which the clients of OpenAI read. */
  readonly openAi?: true;
  /** Not in the audit log: what it writes is a record by itself, and there is too much of it. */
  readonly recordsItself?: true;
  /** A repetition with the same Idempotency-Key gets the first answer. */
  readonly idempotent?: true;
  readonly responses: Readonly<Record<number, z.ZodType | null>>;
  readonly handle: (call: Call<never, never, never>) => Promise<Reply>;
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

/** Gives a route's function the types of its schemas. */
export function route<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  description: Omit<Route, "params" | "query" | "body" | "handle"> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly handle: (call: Call<Output<P>, Output<Q>, Output<B>>) => Promise<Reply>;
  },
): Route {
  return description as Route;
}

export const ok = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  body,
  headers,
});

/** @throws HybridRAGError `invalid_input` with a JSON pointer to the first fault. */
export function parseWith<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const stranger = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const steps = [...(issue?.path ?? []), ...stranger];
  const path =
    steps.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 80)}`).join("") || "/";
  const message = stranger.length > 0 ? "there is no such field." : issue?.message;
  throw new HybridRAGError("invalid_input", `The ${what} is wrong at ${path}: ${message}`, { details: { path } });
}
