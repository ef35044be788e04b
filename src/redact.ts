import type { Secret } from "./secret.ts";

/**
 * Shapes of keys, each as prefix (kept, so that a reader knows what stood there) and body (removed). They are wide on
 * purpose: a log line that loses a harmless word costs less than one that keeps a key.
 */
const keyShapes: readonly RegExp[] = [
  /\b(sk-ant-|sk-proj-|sk-lf-|pk-lf-|sk-|pa-|al-|AIza|AKIA|ASIA|ghp_|github_pat_|xox[abprs]-|hrk_|tvly-)[A-Za-z0-9_-]{12,}/g,
  /\b(Bearer |Basic )[A-Za-z0-9._~+/=-]{8,}/gi,
  /((?:x-api-key|x-goog-api-key|api[_-]?key|authorization|password|passwd|secret|token)["']?\s*[:=]\s*["']?)(?!Bearer |Basic )[^\s"',;&}]{8,}/gi,
  /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi,
  /\b()gAAAAA[A-Za-z0-9_-]{40,}={0,2}/g,
  /\b()ey[A-Za-z0-9_-]{10,}\.ey[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+/g,
];

/** Replaces what looks like a credential, and every value in `known`, by `***`. Safe to call twice. */
export function redact(text: string, known: readonly (string | Secret)[] = []): string {
  let clean = text;
  for (const secret of known) {
    const value = typeof secret === "string" ? secret : secret.reveal();
    if (value.length >= 4) clean = clean.replaceAll(value, "***");
  }
  for (const shape of keyShapes) clean = clean.replace(shape, "$1***");
  return clean;
}
