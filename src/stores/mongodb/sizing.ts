import type { Quantization } from "./indexes.ts";

/** What the guide's tables and MongoDB's deployment notes say, computed. */
export interface Sizing {
  readonly vectors: number;
  /** Bytes that the vector index needs in memory, by quantization. */
  readonly memoryBytes: Readonly<Record<Quantization, number>>;
  readonly quantization: Quantization;
  /** How `memoryBytes` is computed, with the numbers. */
  readonly formula: string;
  /** Why this quantization, with the numbers. */
  readonly reason: string;
  /** Tier of dedicated search nodes whose memory holds the index, or the advice to spread it. */
  readonly searchNodes: string;
}

const gigabyte = 2 ** 30;
/** What a vector costs beside its numbers: graph edges and ids. */
const overheadBytes = 200;
/** Below this size in memory quantization saves nothing that matters. */
const quantizeFrom = 3 * gigabyte;
const binaryFrom = 60 * gigabyte;

const bytesWords: Readonly<Record<Quantization, string>> = { none: "4", scalar: "4 / 3.75", binary: "4 / 24" };

/** Memory of the search tiers in GB, half of which an index may fill. */
const tiers = [
  { name: "S20", memory: 4 },
  { name: "S30", memory: 8 },
  { name: "S40", memory: 16 },
  { name: "S50", memory: 32 },
  { name: "S60", memory: 64 },
  { name: "S80", memory: 128 },
  { name: "S90", memory: 256 },
] as const;

/**
 * Memory = vectors × (dimensions × bytes + overhead): 4 bytes a dimension in full, about a quarter scalar, a thirty-second
 * binary. Quantization is chosen by that size, not by the number of documents.
 */
export function sizingOf(vectors: number, dimensions: number): Sizing {
  const bytes = (perDimension: number): number => vectors * (dimensions * perDimension + overheadBytes);
  const memoryBytes = { none: bytes(4), scalar: bytes(4 / 3.75), binary: bytes(4 / 24) };
  const canBinary = dimensions % 8 === 0;
  const quantization =
    memoryBytes.none < quantizeFrom ? "none" : memoryBytes.none >= binaryFrom && canBinary ? "binary" : "scalar";
  const full = `${vectors} vectors of ${dimensions} dimensions take ${inGigabytes(memoryBytes.none)} GB in memory`;
  const reasons: Readonly<Record<Quantization, string>> = {
    none: `${full}; quantization pays from ${inGigabytes(quantizeFrom)} GB`,
    scalar: `${full}, ${inGigabytes(memoryBytes.scalar)} GB as whole numbers of one byte`,
    binary: `${full}, ${inGigabytes(memoryBytes.binary)} GB as bits, rescored from the full vectors`,
  };
  const tier = tiers.find((one) => memoryBytes[quantization] <= (one.memory * gigabyte) / 2);
  const searchNodes = tier
    ? `2 or more search nodes ${tier.name} (${tier.memory} GB)`
    : "more than one shard, each with search nodes of its own: no tier holds this index";
  const formula = `${vectors} × (${dimensions} × ${bytesWords[quantization]} + ${overheadBytes}) bytes`;
  return { vectors, memoryBytes, quantization, formula, reason: reasons[quantization], searchNodes };
}

const inGigabytes = (bytes: number): string => (bytes / gigabyte).toFixed(2);
