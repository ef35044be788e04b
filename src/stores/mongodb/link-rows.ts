import { editedMention } from "../../edits/edited-graph.ts";
import type { EditedNames } from "../../edits/edited-names.ts";
import type { Filter } from "../../filter/filter.ts";
import { matches } from "../../filter/matches.ts";
import type { Mention, PassageLink } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { metadataOf, type ChunkRow } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { editedNamesOf } from "./graph-edits.ts";
import { coarseMatch, type Clause } from "./native-filter.ts";
import type { FirstRows, readChunks } from "./visible-rows.ts";

/** What following links reads of a chunk: hundreds of them for a question, so nothing else. */
export interface LinkRow extends Pick<ChunkRow, "chunk_id" | "document_id" | "batch" | "source"> {
  readonly mentions: readonly Pick<Mention, "entity" | "kind">[];
  readonly links: readonly Pick<PassageLink, "kind" | "target">[];
}

type ReadRow = Omit<LinkRow, "mentions"> & Pick<ChunkRow, "metadata_json" | "mentions">;

export interface LinkReading {
  readonly filter: Filter | null;
  readonly read: typeof readChunks<ReadRow>;
  readonly signal: AbortSignal | undefined;
}

/** Rows of the graph that scope and filter let through, as edits have them. */
export async function linkRows(
  context: Context,
  scope: Scope,
  match: Clause,
  { filter, read, signal }: LinkReading,
  first?: FirstRows,
): Promise<readonly LinkRow[]> {
  const edited = await editedNamesOf(context, scope.tenant);
  const isEdited = edited.touched.size > 0;
  const narrowed = { $and: [match, ...(filter === null ? [] : [coarseMatch(filter)])] };
  const projection = projected(isEdited, filter !== null || scope.principals !== "all");
  const found = await read(context, scope, narrowed, projection, signal, first);
  const seen =
    filter === null
      ? found
      : found.filter((row) => matches(filter, { document_id: row.document_id, metadata: metadataOf(row) }));
  return isEdited ? seen.map((row) => editedRow(edited, row)) : seen;
}

const projected = (isEdited: boolean, withMetadata: boolean): Readonly<Record<string, 0 | 1>> => ({
  chunk_id: 1,
  document_id: 1,
  batch: 1,
  source: 1,
  "mentions.entity": 1,
  "mentions.kind": 1,
  "links.kind": 1,
  "links.target": 1,
  ...(isEdited ? { "mentions.name": 1, "mentions.chunk_id": 1 } : {}),
  ...(withMetadata ? { metadata_json: 1 } : {}),
});

const editedRow = (edited: EditedNames, row: ReadRow): LinkRow => ({
  ...row,
  mentions: row.mentions.flatMap((mention) => {
    const entity = editedMention(edited, row.document_id, mention);
    return entity === null ? [] : { entity, kind: mention.kind };
  }),
});
