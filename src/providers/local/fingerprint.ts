/**
 * What decides a local vector, in one string:
 * `local:NAME:WEIGHTS:DIMENSIONS:POOLING:MAXTOKENS:QUERY PREFIX:DOCUMENT PREFIX:DTYPE`, prefixes and name
 * percent-encoded.
 * Everything but the last part is the family: within it vectors are alike (cosine .99 and above between the types),
 * good to search together, and worth recording.
 */

export interface FingerprintParts {
  readonly name: string;
  readonly weightsSha256: string;
  readonly dimensions: number;
  readonly pooling: string;
  readonly maxTokens: number;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly dtype: string;
}

export const localFingerprint = (parts: FingerprintParts): string =>
  [
    "local",
    parts.name,
    parts.weightsSha256.slice(0, 12),
    parts.dimensions,
    parts.pooling,
    parts.maxTokens,
    parts.queryPrefix,
    parts.documentPrefix,
    parts.dtype,
  ]
    .map((part) => encodeURIComponent(part))
    .join(":");

/** "equal": the same numbers; "alike": the same model in another type, may be mixed; "different": may not. */
export function compareFingerprints(left: string, right: string): "equal" | "alike" | "different" {
  if (left === right) return "equal";
  const family = (fingerprint: string): string => fingerprint.slice(0, fingerprint.lastIndexOf(":"));
  const local = left.startsWith("local:") && right.startsWith("local:");
  return local && family(left) === family(right) ? "alike" : "different";
}
