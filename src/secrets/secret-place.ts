import { HybridRAGError } from "../errors.ts";

/**
 * Where a secret manager keeps a setting: each under a name of its own (`prefix` + the setting's name), or all of them
 * in one secret that is a JSON object (`secret`). An entry of `names` says otherwise for one setting, as `id` or
 * `id#key` for a key of a JSON object.
 */
export interface SecretPlace {
  readonly prefix?: string;
  readonly secret?: string;
  readonly names?: Readonly<Record<string, string>>;
}

export function locate(name: string, place: SecretPlace = {}): { readonly id: string; readonly field: string | null } {
  const own = place.names?.[name];
  if (own !== undefined) {
    const hash = own.lastIndexOf("#");
    return hash < 0 ? { id: own, field: null } : { id: own.slice(0, hash), field: own.slice(hash + 1) };
  }
  if (place.secret !== undefined) return { id: place.secret, field: name };
  return { id: `${place.prefix ?? ""}${name}`, field: null };
}

/** One value of a secret that is a JSON object; null when it has no such key. */
export function fieldOf(text: string, field: string, id: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would hold the secret.
    throw new HybridRAGError("invalid_config", `The secret ${id} is no JSON object, so it has no key ${field}.`);
  }
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  return typeof found === "string" ? found : null;
}
