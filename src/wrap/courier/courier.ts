import { AsyncLocalStorage } from "node:async_hooks";
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../errors.ts";
import type { CallOrder, CourierOrder, CourierReport } from "./courier-worker.ts";
import type { Answer, Errand, Outcome } from "./errand.ts";

type Fetch = typeof globalThis.fetch;

export interface CourierOptions {
  /** Where it notes what it brought. */
  readonly folder: string;
  /** For calls that are no errand, and for all of them where no process can be started. */
  readonly fetch: Fetch;
  /** All that the process sees of ours: proxies and certificates. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Given the outcome of an errand that nobody waits for any more. When it resolves, the answer is safe.
   * @returns what books it; null: nobody here can read it.
   */
  readonly onLate: (outcome: Outcome) => Promise<(() => Promise<void>) | null>;
  /** Told once, in a sentence, if no process can be started. */
  readonly onMissing: (reason: string) => void;
}

/** Makes calls that outlive this process, by a process of its own that is started for the first of them. */
export interface Courier {
  /** Inside `run` by the courier, elsewhere as it was given. */
  readonly fetch: Fetch;
  /**
   * Runs work whose calls are for this errand. What it answered is on the disk until the work has resolved: whoever
   * keeps it must have done so by then. Who cancels stops waiting; the call itself goes on.
   * @param onLeft told when that happens: the outcome will be taken in later.
   */
  run<T>(errand: Errand, work: () => Promise<T>, onLeft: () => void): Promise<T>;
  /** Does again, with what was answered, what an errand was for. */
  replay<T>(answer: Answer, work: () => Promise<T>): Promise<T>;
  /** Lets it go. It ends when the calls under way have been answered; whoever comes next waits for it. */
  close(): Promise<void>;
}

/** Until a process that was started says that it is ready, on a machine with much to do. */
const startMs = 20_000;

interface Waiting {
  readonly errand: Errand;
  readonly settle: { readonly resolve: (response: Response) => void; readonly reject: (error: unknown) => void } | null;
}

type Trip =
  | { readonly answer: Answer }
  | { readonly errand: Errand; readonly onLeft: () => void; readonly calls: number[] };

export function courier(options: CourierOptions): Courier {
  const trips = new AsyncLocalStorage<Trip>();
  const waiting = new Map<number, Waiting>();
  let running: Promise<ChildProcess | null> | null = null;
  let calls = 0;

  const send = (child: ChildProcess, order: CourierOrder): void => void child.send(order, () => undefined);

  /** Null: there is none, and there will be none. */
  function started(): Promise<ChildProcess | null> {
    running ??= start(options).then(
      (child) => {
        child.on("message", (report: CourierReport) => void onReport(child, report));
        child.on("exit", () => {
          running = null;
          // What it had under way may have been paid for, and nobody can say.
          failAll("the process that made the call has ended");
        });
        return child;
      },
      (error: unknown) => {
        options.onMissing(messageOf(error));
        return null;
      },
    );
    return running;
  }

  function failAll(reason: string): void {
    const all = [...waiting.values()];
    waiting.clear();
    for (const { settle } of all) settle?.reject(failure(reason, null));
  }

  async function onReport(child: ChildProcess, report: CourierReport): Promise<void> {
    if (!("id" in report)) return;
    const { id } = report;
    const one = waiting.get(id);
    if (one === undefined) return;
    forget(child, id);
    if (one.settle !== null) {
      if (report.type === "answer") one.settle.resolve(responseOf(report.answer));
      else one.settle.reject(failure(report.message, report.code));
      return;
    }
    const answer = report.type === "answer" && isPaid(report.answer) ? report.answer : null;
    try {
      const book = await options.onLate({ id, errand: one.errand, answer });
      if (book === null) return;
      send(child, { type: "settled", id });
      await book();
    } catch {
      // It stays written down, for the next process.
    }
  }

  /** A call that is waited for keeps this process from ending; nothing else of the courier does. */
  function expect(child: ChildProcess, id: number, one: Waiting): void {
    waiting.set(id, one);
    child.ref();
    child.channel?.ref();
  }

  function forget(child: ChildProcess, id: number): void {
    waiting.delete(id);
    if (waiting.values().some(({ settle }) => settle !== null)) return;
    child.unref();
    child.channel?.unref();
  }

  async function byCourier(
    trip: Exclude<Trip, { readonly answer: Answer }>,
    input: Parameters<Fetch>[0],
    init: RequestInit,
  ): Promise<Response> {
    const { signal } = init;
    signal?.throwIfAborted();
    const child = await started();
    if (child === null) return options.fetch(input, init);
    signal?.throwIfAborted();
    if (!child.connected) throw failure("the process that makes the calls has ended", null);
    const { errand } = trip;
    const id = ++calls;
    trip.calls.push(id);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        trip.calls.splice(trip.calls.indexOf(id), 1);
        forget(child, id);
        waiting.set(id, { errand, settle: null });
        trip.onLeft();
        reject(signal!.reason);
      };
      const arrived =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener("abort", leave);
          then(value);
        };
      expect(child, id, { errand, settle: { resolve: arrived(resolve), reject: arrived(reject) } });
      signal?.addEventListener("abort", leave, { once: true });
      send(child, orderOf(id, errand, input, init));
    });
  }

  return {
    fetch: async (input, init = {}) => {
      const trip = trips.getStore();
      if (trip === undefined) return options.fetch(input, init);
      return "answer" in trip ? responseOf(trip.answer) : byCourier(trip, input, init);
    },
    async run(errand, work, onLeft) {
      const trip = { errand, onLeft, calls: [] };
      try {
        return await trips.run(trip, work);
      } finally {
        const child = await running;
        for (const id of trip.calls) if (child?.connected) send(child, { type: "settled", id });
      }
    },
    replay: (answer, work) => trips.run({ answer }, work),
    async close() {
      failAll("the connection was closed");
      const child = await running;
      if (!child?.connected) return;
      child.ref();
      child.channel?.ref();
      await new Promise<void>((resolve) => {
        child.on("message", ({ type }: CourierReport) => type === "alone" && resolve());
        child.once("disconnect", resolve);
        send(child, { type: "end" });
      });
      child.unref();
      child.channel?.unref();
    },
  };
}

const isPaid = ({ status }: Answer): boolean => status >= 200 && status < 300;

function start({ folder, environment }: CourierOptions): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./courier-worker.js", import.meta.url)), [folder, String(process.pid)], {
      detached: true,
      env: environment,
      execArgv: process.execArgv.filter((argument) => /^--(?:use|tls|dns)-/.test(argument)),
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      windowsHide: true,
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), startMs);
    const end = (error: unknown): void => {
      clearTimeout(timer);
      reject(error);
    };
    child.once("error", end);
    child.once("exit", (code, signal) => end(new Error(`it ended at once (${signal ?? `exit code ${code}`})`)));
    child.once("message", () => {
      clearTimeout(timer);
      child.unref();
      child.channel?.unref();
      resolve(child);
    });
  });
}

function orderOf(id: number, errand: Errand, input: Parameters<Fetch>[0], init: RequestInit): CallOrder {
  const { method = "GET", headers, body, redirect = "follow" } = init;
  const sent = { method, headers: [...new Headers(headers)], body: String(body ?? ""), redirect };
  return { type: "call", id, url: input instanceof Request ? input.url : String(input), init: sent, errand };
}

/** The body has been unpacked and is whole. */
const ofTheWay = new Set(["content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"]);

const responseOf = ({ status, headers, body }: Answer): Response =>
  new Response(body === "" ? null : body, {
    status,
    headers: headers.filter(([name]) => !ofTheWay.has(name)),
  });

/** As `fetch` fails. */
const failure = (message: string, code: string | null): TypeError =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(message), code === null ? {} : { code }) });
