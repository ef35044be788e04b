import type { Secret } from "../secret.ts";

/** One place where secrets are kept. */
export interface SecretSource {
  readonly name: "environment" | "aws" | "gcp" | "file";
  /**
   * By the name of a setting, such as VOYAGE_API_KEY; null when this place does not have it.
   * @throws HybridRAGError when it cannot be asked: that is not the same as not having it.
   */
  get(name: string, signal?: AbortSignal): Promise<Secret | null>;
}
