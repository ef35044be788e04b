import { HybridRAGError } from "../errors.ts";
import type { Secret } from "../secret.ts";

/** Where an adapter finds its key at each call, so that a rotated key needs no restart. */
export interface KeySource {
  /** `refused` is the key that the provider has just rejected: a source that caches looks again. */
  get(refused?: Secret): Promise<Secret>;
}

/** What a reader must know to repair a missing or wrong key. */
export interface ProviderFacts {
  /** Name for people: "Voyage AI". */
  readonly name: string;
  /** The setting that holds the key. */
  readonly keySetting: string;
  /** Where keys are made. */
  readonly keyPage: string;
}

export const keySource = (key: Secret | KeySource | undefined, facts: ProviderFacts): KeySource => {
  if (key === undefined) throw missingKey(facts);
  return "get" in key ? key : { get: async () => key };
};

export const missingKey = (facts: ProviderFacts): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    `${facts.name} needs a key: set ${facts.keySetting}. Keys are made at ${facts.keyPage}.`,
    {
      details: { setting: facts.keySetting, provider: facts.name, reason: "missing_key" },
    },
  );

export const refusedKey = (facts: ProviderFacts, status: number, cause?: unknown): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    `${facts.name} refused the key in ${facts.keySetting} (HTTP ${status}). Check it, or make a new one at ${facts.keyPage}.`,
    { details: { setting: facts.keySetting, provider: facts.name, reason: "refused_key", status }, cause },
  );
