import type { PassageNames, PassageNamesRequest } from "../../../ports/graph-store.ts";
import type { Scope } from "../../../scope.ts";
import type { TextList } from "../../../text/text-list.ts";
import { allowedRows } from "../filter/allowed.ts";
import { tenantOf } from "../tables/tenants.ts";
import type { ReadContext } from "../workers/context.ts";
import type { GraphSegment } from "./graph-segment.ts";
import { sight } from "./graph-view.ts";
import { compareBytes, nameIndex, startOfName, type NameTable } from "./name-table.ts";

/** Read from the adjacency in memory; the answer's arrays move to the main thread without being copied. */
export function passageNames(context: ReadContext, scope: Scope, request: PassageNamesRequest): PassageNames | null {
  const { filter, limit, known } = request;
  const tenant = tenantOf(context.db, scope);
  const index = tenant === null ? null : context.indexes.of(context.db, tenant);
  const revision = `${tenant} ${index?.seq ?? 0}`;
  if (revision === known) return null;
  const seen = index === null || tenant === null ? null : sight(index, allowedRows(context.db, tenant, scope, filter));
  const all = index === null || seen === null ? [] : seenRows(index.graph.segments, (slot) => seen.isSeen(slot));
  const rows = all.slice(0, limit);
  const names = numberedNames(index?.graph.segments ?? []);
  const mentioned: number[] = [];
  const ends = Uint32Array.from(rows, ({ at, segment, row }) => {
    const entries = segment.passageNames.subarray(startOfName(segment.passageEnds, row), segment.passageEnds[row]);
    for (const entry of entries) mentioned.push(names.numberOf(at, entry >>> 2));
    return mentioned.length;
  });
  const answer = {
    revision,
    total: all.length,
    passages: copied(rows.map(({ segment, row }) => [segment.ids, row] as const)),
    documents: Uint32Array.from(rows, ({ segment, row }) => index!.slots.documentKeys[segment.slots[row]!]!),
    names: copied(names.found),
    ends,
    mentioned: Uint32Array.from(mentioned),
  };
  const { passages, documents, names: texts, mentioned: all32 } = answer;
  for (const part of [passages.bytes, passages.ends, documents, texts.bytes, texts.ends, ends, all32])
    context.transfer.push(part.buffer as ArrayBuffer);
  return answer;
}

interface SeenRow {
  /** Which of the segments. */
  readonly at: number;
  readonly segment: GraphSegment;
  readonly row: number;
}

/** In the order of their chunk ids: each segment is, so only several are sorted. */
function seenRows(segments: readonly GraphSegment[], isSeen: (slot: number) => boolean): readonly SeenRow[] {
  const rows: SeenRow[] = [];
  segments.forEach((segment, at) => {
    segment.slots.forEach((slot, row) => {
      if (isSeen(slot)) rows.push({ at, segment, row });
    });
  });
  return segments.length < 2 ? rows : rows.sort(byId);
}

function byId(a: SeenRow, b: SeenRow): number {
  const { text, ends } = b.segment.ids;
  const id = text.subarray(startOfName(ends, b.row), ends[b.row]);
  const own = a.segment.ids;
  return compareBytes(own.text, startOfName(own.ends, a.row), own.ends[a.row]!, id);
}

/** Numbers for names in the order in which they are asked for: the same one for a name in whichever segment it is. */
function numberedNames(segments: readonly GraphSegment[]) {
  const numbers = segments.map((segment) => new Int32Array(segment.names.ends.length).fill(-1));
  const found: (readonly [NameTable, number])[] = [];
  return {
    found,
    numberOf: (at: number, name: number): number => {
      const there = numbers[at]![name]!;
      if (there >= 0) return there;
      const { names } = segments[at]!;
      const bytes = names.text.subarray(startOfName(names.ends, name), names.ends[name]);
      segments.forEach((segment, other) => {
        const same = other === at ? name : nameIndex(segment.names, bytes);
        if (same >= 0) numbers[other]![same] = found.length;
      });
      return found.push([names, name]) - 1;
    },
  };
}

function copied(entries: readonly (readonly [NameTable, number])[]): TextList {
  let length = 0;
  const ends = Uint32Array.from(entries, ([table, at]) => (length += table.ends[at]! - startOfName(table.ends, at)));
  const bytes = new Uint8Array(length);
  entries.forEach(([table, at], index) =>
    bytes.set(table.text.subarray(startOfName(table.ends, at), table.ends[at]), startOfName(ends, index)),
  );
  return { bytes, ends };
}
