import type { CandidateKind } from "./candidate.ts";
import { lanceHnsw, lancePq } from "./lance-peer.ts";
import { miniSearch, orama } from "./memory-peers.ts";
import { own, ownWithNames } from "./own.ts";
import { sqlitePeer } from "./sqlite-peer.ts";

export const candidateKinds: readonly CandidateKind[] = [
  own,
  ownWithNames,
  lanceHnsw,
  lancePq,
  sqlitePeer,
  miniSearch,
  orama,
];

/** Which stand beside each other at which size: what lives in memory ends early. */
export const scenarios: readonly { readonly size: number; readonly names: readonly string[] }[] = [
  { size: 20_000, names: ["hybridrag", "minisearch", "orama"] },
  {
    size: 100_000,
    names: ["hybridrag", "hybridrag with names", "lancedb hnsw_sq", "lancedb ivf_pq", "fts5+sqlite-vec"],
  },
  { size: 500_000, names: ["hybridrag", "lancedb ivf_pq"] },
];
