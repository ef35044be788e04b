import { HybridRAGError, isHybridRAGError, messageOf } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Guard, ProviderCall } from "./guard.ts";

export interface BreakerOptions {
  readonly clock: Clock;
  /** Failures in a row that open it. */
  readonly failures?: number;
  /** How long it stays open before one call may try again. */
  readonly openMs?: number;
  readonly onChange?: (provider: string, state: "open" | "closed") => void;
}

interface Circuit {
  failures: number;
  openUntil: number;
  probing: boolean;
  /** What the last failure said, so that who finds it open learns what is wrong. */
  reason: string;
}

/**
 * Stops calling a provider that is down: after some failures in a row calls fail at once, then one call probes. Only
 * a provider's own failures count; limits, refused input and cancelled calls say nothing about its health.
 */
export function breaker({ clock, failures = 5, openMs = 15_000, onChange }: BreakerOptions): Guard {
  const circuits = new Map<string, Circuit>();

  function enter(call: ProviderCall): Circuit {
    const circuit = circuits.get(call.provider) ?? { failures: 0, openUntil: 0, probing: false, reason: "" };
    circuits.set(call.provider, circuit);
    if (circuit.failures < failures) return circuit;
    const waitMs = circuit.openUntil - clock.now();
    if (waitMs > 0 || circuit.probing) throw open(call, circuit.reason, Math.max(waitMs, 100));
    circuit.probing = true;
    return circuit;
  }

  function leave(call: ProviderCall, circuit: Circuit, outcome: "well" | "ill" | "unknown"): void {
    circuit.probing = false;
    const wasOpen = circuit.failures >= failures;
    if (outcome === "well") circuit.failures = 0;
    if (outcome === "ill") circuit.failures++;
    if (circuit.failures >= failures) circuit.openUntil = clock.now() + openMs;
    const isOpen = circuit.failures >= failures;
    if (isOpen !== wasOpen) onChange?.(call.provider, isOpen ? "open" : "closed");
  }

  return {
    async call(call, run) {
      const circuit = enter(call);
      try {
        const result = await run(call.signal);
        leave(call, circuit, "well");
        return result;
      } catch (error) {
        leave(call, circuit, judged(circuit, error));
        throw error;
      }
    },
    async *stream(call, openStream) {
      const circuit = enter(call);
      let outcome: "well" | "ill" | "unknown" = "unknown";
      try {
        for await (const part of openStream(call.signal)) {
          outcome = "well";
          yield part;
        }
      } catch (error) {
        outcome = judged(circuit, error);
        throw error;
      } finally {
        leave(call, circuit, outcome);
      }
    },
  };
}

function judged(circuit: Circuit, error: unknown): "well" | "ill" | "unknown" {
  const outcome = verdict(error);
  if (outcome === "ill") circuit.reason = messageOf(error);
  return outcome;
}

/** A refusal of our request is an answer too, and so is whatever a model wrote: the provider is well. */
function verdict(error: unknown): "well" | "ill" | "unknown" {
  if (!isHybridRAGError(error)) return "unknown";
  if (error.details["finish_reason"] !== undefined) return "well";
  if (error.code === "provider_failed" || error.code === "deadline_exceeded") return "ill";
  return error.code === "rate_limited" ? "unknown" : "well";
}

const open = ({ provider }: ProviderCall, reason: string, waitMs: number): HybridRAGError =>
  new HybridRAGError(
    "provider_failed",
    `${provider} failed several times in a row and is left alone for a moment. The last failure: ${reason}`,
    { details: { provider, retry_after_ms: Math.ceil(waitMs), circuit: "open" } },
  );
