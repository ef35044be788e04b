import { HybridRAGError } from "../errors.ts";

/** Providers answer a blank text with an error of their own, after it was sent; this one costs nothing. */
export function refuseBlank(texts: readonly string[], what: string): void {
  const index = texts.findIndex((text) => text.trim() === "");
  if (index < 0) return;
  throw new HybridRAGError("invalid_input", `A blank ${what} cannot be sent to a model.`, { details: { index } });
}
