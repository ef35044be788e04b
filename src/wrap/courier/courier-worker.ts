import { beatMs, courierFile, longestCallMs } from "./courier-file.ts";
import type { Answer, Errand, Outcome } from "./errand.ts";

/**
 * A process that makes paid calls for another one and outlives it: in a session of its own, so that no signal to the
 * other or to its group reaches it. What a provider answers is written down before it is passed on. When the other
 * process has ended, no new call is made, those under way are waited for, and this one ends. It loads nothing but what
 * Node has.
 */

/** An order: the request, and what it is for. */
export interface CallOrder {
  readonly type: "call";
  readonly id: number;
  readonly url: string;
  readonly init: {
    readonly method: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
    readonly redirect: "error" | "follow" | "manual";
  };
  readonly errand: Errand;
}

export type CourierOrder =
  | CallOrder
  /** Its outcome is safe elsewhere. */
  | { readonly type: "settled"; readonly id: number }
  | { readonly type: "end" };

export type CourierReport =
  | { readonly type: "ready" }
  /** It works for nobody any more, and others can see it. */
  | { readonly type: "alone" }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "failure"; readonly id: number; readonly message: string; readonly code: string | null };

const [folder = "", master = ""] = process.argv.slice(2);
// Who ends all that is named after the product, or after Node, means its master, and this ends by itself.
process.title = "courier of paid calls";
const file = courierFile(folder, Number(master));
const beat = setInterval(file.beat, beatMs);
/** Calls whose outcome is written down and not yet safe elsewhere. */
const open = new Set<number>();
let underWay = 0;
let isAlone = false;

function note(outcome: Outcome): void {
  open.add(outcome.id);
  file.append(JSON.stringify(outcome));
}

function settled(id: number): void {
  open.delete(id);
  if (open.size === 0) file.clear();
  else file.append(JSON.stringify({ settled: id }));
}

async function make({ id, url, init, errand }: CallOrder): Promise<void> {
  underWay++;
  try {
    const response = await fetch(url, {
      ...init,
      headers: init.headers.map(([name, value]): [string, string] => [name, value]),
      signal: AbortSignal.timeout(longestCallMs),
    });
    const answer = { status: response.status, headers: [...response.headers], body: await response.text() };
    note({ id, errand, answer: response.ok ? answer : null });
    report({ type: "answer", id, answer });
  } catch (error) {
    note({ id, errand, answer: null });
    const { message, cause } = error as Error;
    const code = (cause as { readonly code?: unknown } | undefined)?.code;
    report({ type: "failure", id, message, code: typeof code === "string" ? code : null });
  } finally {
    underWay--;
    endIfDone();
  }
}

/** Who has ended, or has said that it ends, hears nothing: what comes now is left for the next process. */
function report(message: CourierReport): void {
  if (!isAlone && process.connected) process.send!(message, () => undefined);
}

function endIfDone(): void {
  if (!isAlone || underWay > 0) return;
  clearInterval(beat);
  file.close();
  process.exit();
}

function leaveAlone(): void {
  if (isAlone) return;
  file.orphan();
  report({ type: "alone" });
  isAlone = true;
  endIfDone();
}

process.on("message", (order: CourierOrder) => {
  if (order.type === "end") leaveAlone();
  else if (order.type === "settled") settled(order.id);
  else if (!isAlone) void make(order);
});
process.on("disconnect", leaveAlone);
// A service manager asks all of a unit to end; this one does so of itself, when what is paid for has come.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
report({ type: "ready" });
