import type { Analyzer } from "../../../text/analyze.ts";
import type { NamedPassage } from "../graph/build-graph-segment.ts";
import { graphIndex, type GraphIndex } from "../graph/graph-index.ts";
import type { CountedDensity } from "../graph/link-density.ts";
import { scoreMemory, type ScoreMemory } from "../text/score-memory.ts";
import { buildSegment } from "../text/segment-builder.ts";
import { mergeParts } from "../text/merge-parts.ts";
import { mostSegmentRows } from "../text/segment.ts";
import { textIndex, textPart, withoutSlots, type TextIndex, type TextPart } from "../text/text-index.ts";
import { baseText, compactText, type IndexBase } from "./index-base.ts";
import { slotTable, type SlotColumns, type SlotTable } from "./slot-table.ts";
import { vectorCodes, type VectorCodes } from "./vector-codes.ts";

/** A chunk as the index takes it in. */
export interface IndexRow {
  readonly chunk_key: number;
  readonly metadata_id: number;
  readonly document_key: number;
  readonly title: string;
  /** What counts beside the title: headings and content. */
  readonly content: string;
  readonly vector: Float32Array | null;
  readonly chunk_id: string;
  readonly names: readonly NamedPassage[];
}

/**
 * The searchable form of one tenant's chunks within one thread: a shared base and what has changed since. It is
 * derived from the database and worth nothing by itself.
 */
export interface TenantIndex {
  readonly tenant: number;
  readonly dimensions: number;
  readonly base: IndexBase;
  /** The last change of the log that it knows. */
  seq: number;
  readonly slots: SlotTable;
  readonly text: TextIndex;
  readonly vectors: VectorCodes;
  readonly graph: GraphIndex;
  /** By the principals that they hold for. */
  readonly densities: Map<string, CountedDensity>;
  /** Slots that a new base would take in or leave out. */
  readonly changed: number;
  add(rows: readonly IndexRow[]): void;
  remove(chunkKeys: readonly number[]): void;
  /** Chunks that are there already, with the names that they have from now on. */
  rename(rows: readonly Pick<IndexRow, "chunk_key" | "chunk_id" | "names">[]): void;
  slotOf(chunkKey: number): number;
  /** The same at every call: a search is spared a large allocation. */
  scoreMemory(): ScoreMemory;
  /** Everything that lives, compacted, in shared memory; without bits, which take longer. */
  freeze(snapshot: string): IndexBase;
}

/** Rows of one segment when many come at once: bounds the memory that building one takes. */
const rowsPerBuild = 16_384;

export function tenantIndex(base: IndexBase, analyzer: Analyzer): TenantIndex {
  const { tenant, dimensions } = base;
  const slots = slotTable(base);
  let text = textIndex(baseText(base));
  let scores: ScoreMemory | null = null;
  const baseParts = text.parts.length;
  const vectors = vectorCodes(base);
  const graph = graphIndex(base.graph, slots.isAlive);

  function add(rows: readonly IndexRow[]): void {
    for (let from = 0; from < rows.length; from += rowsPerBuild) addPart(rows.slice(from, from + rowsPerBuild));
  }

  function addPart(rows: readonly IndexRow[]): void {
    const first = slots.size;
    for (const row of rows) {
      slots.add(row.chunk_key, row.metadata_id, row.document_key);
      vectors.add(row.vector?.length === dimensions ? row.vector : null);
    }
    graph.add(rows.map(({ chunk_id, names }, row) => ({ slot: first + row, chunkId: chunk_id, names })));
    const textRows = rows.map(({ title, content }, row) => ({ slot: first + row, tenant, title, content }));
    const fresh = textPart(buildSegment(analyzer, textRows));
    text = textIndex(tiered([...text.parts, fresh], Math.min(baseParts, text.parts.length)));
  }

  function remove(chunkKeys: readonly number[]): void {
    const gone = [...new Set(chunkKeys)].map((key) => slots.slotOf(key)).filter((slot) => slot >= 0);
    if (gone.length === 0) return;
    for (const slot of gone) slots.kill(slot);
    text = withoutSlots(text, gone);
  }

  function freeze(snapshot: string): IndexBase {
    const { kept, newSlots } = compaction(slots);
    const codes = kept.length === 0 ? null : vectors.compact(kept);
    return {
      tenant,
      seq: index.seq,
      snapshot,
      dimensions,
      ...compactColumns(slots, kept),
      codes,
      bits: null,
      segments: compactText(text.parts, newSlots).map((segment) => segment.bytes),
      graph: graph.compact(newSlots).map((segment) => segment.bytes),
    };
  }

  const index: TenantIndex = {
    tenant,
    dimensions,
    base,
    seq: base.seq,
    slots,
    get text() {
      return text;
    },
    vectors,
    graph,
    densities: new Map(),
    get changed() {
      return slots.size - base.chunkKeys.length + slots.dead + graph.renamed;
    },
    add,
    remove,
    rename: (rows) =>
      graph.rename(
        rows
          .map(({ chunk_key, chunk_id, names }) => ({ slot: slots.slotOf(chunk_key), chunkId: chunk_id, names }))
          .filter(({ slot }) => slot >= 0),
      ),
    slotOf: (chunkKey) => slots.slotOf(chunkKey),
    scoreMemory: () => (scores ??= scoreMemory(slots.size)),
    freeze,
  };
  return index;
}

/**
 * Joins the newest parts while the one before is at most twice as large, so that n single additions cost n log n and
 * a search meets few parts. Those of the base stay as they are.
 */
function tiered(parts: readonly TextPart[], fixed: number): readonly TextPart[] {
  const result = [...parts];
  while (result.length > fixed + 1) {
    const [before, last] = [result.at(-2)!, result.at(-1)!];
    if (before.rows > 2 * last.rows || before.rows + last.rows > mostSegmentRows) break;
    result.splice(-2, 2, textPart(mergeParts([before, last])));
  }
  return result;
}

interface Compaction {
  /** Old slots that live, rising. */
  readonly kept: Uint32Array;
  /** Old slot → new slot, −1 for the dead. */
  readonly newSlots: Int32Array;
}

function compaction(slots: SlotTable): Compaction {
  const kept = new Uint32Array(slots.size - slots.dead);
  const newSlots = new Int32Array(slots.size).fill(-1);
  let next = 0;
  for (let slot = 0; slot < slots.size; slot++) {
    if (!slots.isAlive(slot)) continue;
    kept[next] = slot;
    newSlots[slot] = next++;
  }
  return { kept, newSlots };
}

function compactColumns(slots: SlotTable, kept: Uint32Array): SlotColumns {
  const chunkKeys = new Float64Array(new SharedArrayBuffer(kept.length * 8));
  const metadataIds = new Uint32Array(new SharedArrayBuffer(kept.length * 4));
  const documentKeys = new Uint32Array(new SharedArrayBuffer(kept.length * 4));
  kept.forEach((slot, row) => {
    chunkKeys[row] = slots.chunkKeys[slot]!;
    metadataIds[row] = slots.metadataIds[slot]!;
    documentKeys[row] = slots.documentKeys[slot]!;
  });
  return { chunkKeys, metadataIds, documentKeys };
}
