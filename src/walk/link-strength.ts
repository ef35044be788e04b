import type { EntityWeight, ExplicitLinkKind, LinkKind, NamedLinkKind, PassageEdge } from "../ports/graph-store.ts";

/**
 * A page may be linked for many reasons, an answer or a ticket for one. Measured on hyperlinks of three documentations;
 * the optimum is flat (see docs/decisions/0050-following-links.md).
 */
const explicitWeights: Readonly<Record<ExplicitLinkKind, number>> = {
  hyperlink: 0.7,
  reply: 1,
  citation: 1,
  ticket: 1,
  reference: 0.7,
  file: 0.7,
};

export const isNamed = (kind: LinkKind): kind is NamedLinkKind => !(kind in explicitWeights);

/**
 * How much each of the links out of one passage says: over names by how rare they are among `corpusSize` passages; of
 * all that one address leads to, the more passages it means, the less of each.
 */
export function linkStrengths(
  weights: ReadonlyMap<string, EntityWeight>,
  corpusSize: number,
): (links: readonly PassageEdge[]) => readonly number[] {
  // Many links go over few names.
  const known = new Map<NamedLinkKind, Map<string, number>>();
  const named = (kind: NamedLinkKind, entity: string): number => {
    const ofKind = known.get(kind) ?? new Map<string, number>();
    known.set(kind, ofKind);
    const strength = ofKind.get(entity) ?? strengthOf(kind, weights.get(entity), corpusSize);
    ofKind.set(entity, strength);
    return strength;
  };
  return (links) => {
    const fans = new Map<string, number>();
    for (const link of links) if (!isNamed(link.kind)) fans.set(fanOf(link), (fans.get(fanOf(link)) ?? 0) + 1);
    return links.map((link) =>
      isNamed(link.kind)
        ? named(link.kind, link.entity)
        : explicitWeights[link.kind] / Math.sqrt(fans.get(fanOf(link))!),
    );
  };
}

/** Rare names say more. */
function strengthOf(kind: NamedLinkKind, weight: EntityWeight | undefined, corpusSize: number): number {
  const passages = Math.max(1, weight?.passages ?? 1);
  const rarity = (Math.log(1 + corpusSize / passages) / Math.log(1 + corpusSize)) ** 1.5;
  switch (kind) {
    case "forward":
      return 1 / Math.sqrt(Math.max(1, weight?.titled ?? 1));
    case "shared":
      return 0.7 * rarity;
    case "back":
    case "subname":
      return 0.5 * rarity;
  }
}

const fanOf = ({ entity, kind }: PassageEdge): string => JSON.stringify([entity, kind]);
