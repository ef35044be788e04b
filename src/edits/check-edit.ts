import { HybridRAGError } from "../errors.ts";
import type { Scope } from "../scope.ts";

/** @throws HybridRAGError `forbidden`: an edit changes what everybody of the tenant finds, and names what it found. */
export function checkEditor({ principals }: Scope): void {
  if (principals === "all") return;
  throw new HybridRAGError(
    "forbidden",
    "Edits of the graph hold for the whole tenant: only a credential that reads everything of it may see or make them.",
  );
}

/** @throws HybridRAGError `conflict` when another edit came first: what was checked may not hold any more. */
export function checkLast(last: number, after: number): void {
  if (last === after) return;
  throw new HybridRAGError("conflict", "The graph was edited by somebody else at the same time; try again.", {
    details: { last, after },
    retryable: true,
  });
}
