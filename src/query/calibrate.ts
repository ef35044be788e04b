import type { CacheStore } from "../ports/cache-store.ts";
import type { ChunkName } from "../ports/chunk-store.ts";
import type { Scope } from "../scope.ts";
import type { FusedHit } from "./fusion.ts";

/** Agreements of a tenant's last questions, oldest first. */
export interface Calibration {
  readonly agreements: readonly number[];
}

export const emptyCalibration: Calibration = { agreements: [] };

/** The weight that observations are taken with, whatever weight is in use: so learning never feeds on itself. */
export const calibrationWeight = 0.4;

const kept = 200;
const space = "calibration";

/**
 * How much nearer to the top the vector leg ranks the first fused hit than the text leg does: 1/log2(rank + 1) within
 * ten, 0 beyond, subtracted; −1 to 1. `first` is the first hit of the fusion with `calibrationWeight`.
 */
export function agreementOf(first: Pick<FusedHit<ChunkName>, "candidate">): number {
  const gain = (rank: number | null) => (rank === null || rank > 10 ? 0 : 1 / Math.log2(rank + 1));
  return gain(first.candidate.vectorRank) - gain(first.candidate.textRank);
}

export const observe = (state: Calibration, agreement: number): Calibration => ({
  agreements: [...state.agreements, agreement].slice(-kept),
});

/**
 * W of a tenant, 0.15 to 1: below 0.4 where the vector leg is the one that agrees with the fusion. Correlates .81
 * with which leg is really better on 15 judged collections, without a label.
 */
export function calibratedWeight({ agreements }: Calibration): number {
  const n = agreements.length;
  if (n === 0) return calibrationWeight;
  const mean = agreements.reduce((sum, a) => sum + a, 0) / n;
  return Math.min(1, Math.max(0.15, calibrationWeight * Math.exp((-3 * mean * n) / (n + 10))));
}

/** Kept by embedder: what one of them is worth says nothing of another. */
export async function loadCalibration(
  caches: CacheStore,
  scope: Scope,
  fingerprint: string,
  signal?: AbortSignal,
): Promise<Calibration> {
  return parseCalibration(await caches.get(scope, space, fingerprint, signal === undefined ? {} : { signal }));
}

/** Two questions at once may lose one observation; that is cheaper than a lock, and harmless. */
export async function recordAgreement(
  caches: CacheStore,
  scope: Scope,
  fingerprint: string,
  agreement: number,
): Promise<void> {
  const state = observe(await loadCalibration(caches, scope, fingerprint), agreement);
  await caches.set(scope, space, fingerprint, state, null);
}

/** A value that this version did not write counts as none. */
function parseCalibration(value: unknown): Calibration {
  const agreements = (value as Partial<Calibration> | null)?.agreements;
  if (!Array.isArray(agreements)) return emptyCalibration;
  return { agreements: agreements.filter((a): a is number => typeof a === "number" && Math.abs(a) <= 1) };
}
