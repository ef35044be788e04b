import { Long, calculateObjectSize, type Document as BsonDocument } from "bson";
import { ServerError } from "./fault.ts";
import { asNumber, type Doc } from "./value.ts";

const firstBatch = 101;
const maxBatchBytes = 16_000_000;

/** Results that did not fit the first answer. They are computed once, so a cursor shows one moment. */
export class Cursors {
  private readonly open = new Map<
    string,
    { readonly namespace: string; rest: readonly Doc[]; readonly owner: number }
  >();
  private last = 0n;

  reply(namespace: string, documents: readonly Doc[], batchSize: unknown, owner: number, single = false): Doc {
    const { batch, rest } = cut(documents, batchSize === undefined ? firstBatch : asNumber(batchSize, firstBatch));
    const id = rest.length === 0 || single ? 0n : ++this.last;
    if (id !== 0n) this.open.set(String(id), { namespace, rest, owner });
    return { cursor: { firstBatch: batch, id: Long.fromBigInt(id), ns: namespace }, ok: 1 };
  }

  more(id: unknown, batchSize: unknown, owner: number): Doc {
    const key = String(id);
    const cursor = this.open.get(key);
    if (!cursor || cursor.owner !== owner) throw new ServerError("CursorNotFound", `cursor id ${key} not found`);
    const { batch, rest } = cut(cursor.rest, asNumber(batchSize, 0) || Infinity);
    cursor.rest = rest;
    if (rest.length === 0) this.open.delete(key);
    return {
      cursor: { nextBatch: batch, id: rest.length === 0 ? Long.ZERO : Long.fromString(key), ns: cursor.namespace },
      ok: 1,
    };
  }

  kill(ids: readonly unknown[]): Doc {
    const known = ids.filter((id) => this.open.delete(String(id)));
    return { cursorsKilled: known, cursorsNotFound: ids.filter((id) => !known.includes(id)), ok: 1 };
  }

  get size(): number {
    return this.open.size;
  }
}

function cut(
  documents: readonly Doc[],
  count: number,
): { readonly batch: readonly Doc[]; readonly rest: readonly Doc[] } {
  let bytes = 0;
  let end = 0;
  const limit = count > 0 ? count : 0;
  while (end < documents.length && end < limit) {
    bytes += calculateObjectSize(documents[end] as BsonDocument);
    if (bytes > maxBatchBytes && end > 0) break;
    end += 1;
  }
  return { batch: documents.slice(0, end), rest: documents.slice(end) };
}
