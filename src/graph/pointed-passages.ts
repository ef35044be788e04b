import { explicitLinkKinds, type ExplicitLinkKind, type GraphStore } from "../ports/graph-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Scope } from "../scope.ts";

/** One passage points at another itself: by a hyperlink, a reply, a ticket, a file, a reference, a citation. */
export interface PointedPassage {
  readonly from: string;
  readonly to: string;
  readonly kind: ExplicitLinkKind;
  readonly address: string;
}

/**
 * Where these passages point themselves, in the order of the seeds; names lead nowhere here.
 * @param maxPassages behind one address.
 */
export async function pointedPassages(
  graph: GraphStore,
  scope: Scope,
  seeds: readonly string[],
  maxPassages: number,
  options?: CallOptions,
): Promise<readonly PointedPassage[]> {
  if (seeds.length === 0) return [];
  const limits = { maxShared: 0, maxSubname: 0, maxPassages };
  const request = { ...limits, seeds, titled: [], except: [], filter: null, terms: [], vector: null };
  const { edges } = await graph.links(scope, request, options);
  return edges.flatMap(({ from, to, kind, entity }) =>
    explicitLinkKinds.has(kind) ? [{ from, to, kind: kind as ExplicitLinkKind, address: entity }] : [],
  );
}
