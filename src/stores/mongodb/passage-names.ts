import { setImmediate } from "node:timers/promises";
import { editedGraph } from "../../edits/edited-graph.ts";
import type { EditedNames } from "../../edits/edited-names.ts";
import { matches } from "../../filter/matches.ts";
import type { Filter } from "../../filter/filter.ts";
import type { PassageNames, PassageNamesRequest } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { textList } from "../../text/text-list.ts";
import { allowedChunks } from "./allowed.ts";
import { metadataOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { distinct } from "./derive-graph.ts";
import { editedNamesOf } from "./graph-edits.ts";
import { collections } from "./names.ts";
import { coarseMatch } from "./native-filter.ts";
import { readChunks } from "./visible-rows.ts";

/** Rows of one read: few enough that decoding them keeps nobody waiting. */
const rowsPerRead = 1000;

interface NamedPassage {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly names: readonly string[];
}

/** Rows are read in the order of `_id`, a hash, so that the first of them are a fair sample. */
export async function passageNames(
  context: Context,
  scope: Scope,
  { filter, limit, known }: PassageNamesRequest,
  signal: AbortSignal,
): Promise<PassageNames | null> {
  const [edited, revision] = await Promise.all([
    editedNamesOf(context, scope.tenant),
    revisionOf(context, scope, signal),
  ]);
  if (revision === known) return null;
  const passages = numberedPassages();
  const { ids } = passages;
  for await (const some of readPassages(context, scope, filter, edited, signal)) {
    passages.add(some.slice(0, limit - ids.length));
    if (ids.length === limit) break;
  }
  const total = ids.length < limit ? ids.length : (await allowedChunks(context, scope, filter, signal)).count;
  return { revision, total, ...(await passages.finish()) };
}

/** What every put, delete and edit changes. */
async function revisionOf(context: Context, scope: Scope, signal: AbortSignal): Promise<string> {
  const edits = await rows(context, collections.edits).countDocuments({ tenant_id: scope.tenant }, { signal });
  const documents = await context.statistics.derived(context, scope, "revision", async () => {
    const [sums] = await rows(context, collections.documents)
      .aggregate([
        { $match: { tenant_id: scope.tenant } },
        {
          $group: {
            _id: null,
            documents: { $sum: 1 },
            versions: { $sum: "$version" },
            chunks: { $sum: "$chunks" },
            updated: { $max: "$updated_at" },
          },
        },
      ])
      .toArray();
    return sums ?? null;
  });
  return JSON.stringify([edits, documents]);
}

type NamesRow = Pick<
  ChunkRow,
  "_id" | "chunk_id" | "document_id" | "batch" | "metadata_json" | "entities" | "mentions"
>;

/** Without edits the names of a row are those it is found by; with them, its mentions say which are meant. */
async function* readPassages(
  context: Context,
  scope: Scope,
  filter: Filter | null,
  edited: EditedNames,
  signal: AbortSignal,
): AsyncGenerator<readonly NamedPassage[]> {
  const isEdited = edited.touched.size > 0;
  const projection = {
    ...({ chunk_id: 1, document_id: 1, batch: 1, metadata_json: 1 } as const),
    ...(isEdited ? ({ mentions: 1 } as const) : ({ entities: 1 } as const)),
  };
  const narrowed = filter === null ? {} : coarseMatch(filter);
  const namesOf = (row: NamesRow): readonly string[] => {
    if (!isEdited) return distinct(row.entities);
    const graph = { mentions: row.mentions, links: [], assertions: [] };
    return distinct(editedGraph(edited, row.document_id, graph).mentions.map((mention) => mention.entity));
  };
  for (let after: string | null = null; ;) {
    const match = { $and: [narrowed, ...(after === null ? [] : [{ _id: { $gt: after } }])] };
    const found = { last: null as string | null, count: 0 };
    const page = { by: "_id" as const, limit: rowsPerRead };
    const seen = await readChunks<NamesRow>(context, scope, match, projection, signal, page, (all) => {
      found.last = all.at(-1)?._id ?? null;
      found.count = all.length;
    });
    yield seen
      .filter((row) => filter === null || matches(filter, { document_id: row.document_id, metadata: metadataOf(row) }))
      .map((row) => ({ chunk_id: row.chunk_id, document_id: row.document_id, names: namesOf(row) }));
    if (found.count < rowsPerRead) return;
    after = found.last;
  }
}

/** Takes passages in as they are read, so that no turn of the event loop is long. */
function numberedPassages() {
  const ids: string[] = [];
  const documents: number[] = [];
  const ends: number[] = [];
  const mentioned: number[] = [];
  const [documentNumber, nameNumber] = [numbering(), numbering()];
  return {
    ids,
    add: (passages: readonly NamedPassage[]): void => {
      for (const { chunk_id, document_id, names } of passages) {
        ids.push(chunk_id);
        documents.push(documentNumber.of(document_id));
        for (const name of names) mentioned.push(nameNumber.of(name));
        ends.push(mentioned.length);
      }
    },
    async finish(): Promise<Omit<PassageNames, "revision" | "total">> {
      const passages = textList(ids);
      await setImmediate();
      const names = textList([...nameNumber.texts()]);
      await setImmediate();
      return {
        passages,
        documents: Uint32Array.from(documents),
        names,
        ends: Uint32Array.from(ends),
        mentioned: Uint32Array.from(mentioned),
      };
    },
  };
}

function numbering() {
  const numbers = new Map<string, number>();
  return {
    texts: () => numbers.keys(),
    of: (text: string): number => {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, numbers.size);
      return numbers.size - 1;
    },
  };
}
