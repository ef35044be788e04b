import type { CreateIndexesOptions } from "mongodb";
import { guideFields, type FilterField } from "./filter-fields.ts";
import { generationOf } from "./generation.ts";
import { collections, textIndexName } from "./names.ts";
import { checkSearchDefinition, checkVectorDefinition } from "./check-definition.ts";

export type Quantization = "none" | "scalar" | "binary";

export interface IndexSettings {
  /** Whose vectors: the first generation by default. */
  readonly generation?: number;
  /** 0: no vectors, no vector index. */
  readonly dimensions: number;
  /** Of unit vectors both say the cosine; a Euclidean score cannot be read as one. */
  readonly similarity?: "cosine" | "dotProduct";
  readonly quantization?: Quantization;
  readonly hnsw?: { readonly maxEdges: number; readonly numEdgeCandidates: number };
  /** `flat` for many small tenants in one collection. */
  readonly indexingMethod?: "hnsw" | "flat";
  /** Metadata fields beside the guide's that filters run on inside the search. */
  readonly fields?: readonly FilterField[];
  /** Analyzer of `title` and `content` for whoever searches them by hand; our own text leg brings its own words. */
  readonly analyzer?: string;
  /** Fields that the text index keeps; those of the guide by default. */
  readonly storedSource?: readonly string[];
  /** A vector field in the text index, for the `vectorSearch` operator (preview). */
  readonly lexicalPrefilter?: boolean;
}

export interface SearchIndexSpec {
  readonly name: string;
  readonly type: "vectorSearch" | "search";
  readonly definition: Readonly<Record<string, unknown>>;
}

export const fieldsOf = (settings: Pick<IndexSettings, "fields">): readonly FilterField[] => [
  ...guideFields,
  ...(settings.fields ?? []).filter((field) => !guideFields.some((known) => known.path === field.path)),
];

/** Paths that every search filters by, beside the metadata. */
const scopePaths = ["metadata.tenant_id", "document_id", "readers", "live", "_id"];

export function vectorIndex(settings: IndexSettings): SearchIndexSpec {
  const { index: name, vector } = generationOf(settings.generation ?? 0);
  const definition = {
    fields: [
      vectorField(settings, vector),
      ...[...scopePaths, ...fieldsOf(settings).map((field) => field.path)].map((path) => ({ type: "filter", path })),
    ],
  };
  checkVectorDefinition(definition);
  return { name, type: "vectorSearch", definition };
}

const vectorField = (settings: IndexSettings, path?: string): Record<string, unknown> => ({
  type: "vector",
  ...(path === undefined ? {} : { path }),
  numDimensions: settings.dimensions,
  similarity: settings.similarity ?? "cosine",
  ...(settings.quantization === undefined ? {} : { quantization: settings.quantization }),
  ...(settings.hnsw === undefined ? {} : { hnswOptions: settings.hnsw }),
  ...(settings.indexingMethod === undefined ? {} : { indexingMethod: settings.indexingMethod }),
});

const guideStoredSource = ["content", "title", "metadata"];
const typeOf = { string: "token", number: "number", date: "date", boolean: "boolean" } as const;

/**
 * The guide's `default` index, corrected: metadata is nested, no `termVector`. `terms` holds the words as our own
 * analyser made them, so that both engines mean the same by a word.
 */
export function textIndex(settings: IndexSettings): SearchIndexSpec {
  const analyzer = settings.analyzer ?? "lucene.standard";
  const words = { type: "string", analyzer: "lucene.whitespace", searchAnalyzer: "lucene.whitespace" };
  const definition = {
    analyzer,
    searchAnalyzer: analyzer,
    mappings: {
      dynamic: false,
      fields: {
        ...(settings.lexicalPrefilter && settings.dimensions > 0
          ? { [generationOf(settings.generation ?? 0).vector]: vectorField(settings) }
          : {}),
        content: { type: "string", analyzer },
        title: { type: "string", analyzer },
        terms: { type: "document", dynamic: false, fields: { body: words, title: words, words } },
        _id: { type: "token" },
        document_id: { type: "token" },
        readers: { type: "token" },
        live: { type: "boolean" },
        metadata: { type: "document", dynamic: false, fields: metadataFields(fieldsOf(settings)) },
      },
    },
    storedSource: { include: settings.storedSource ?? guideStoredSource },
  };
  checkSearchDefinition(definition);
  return { name: textIndexName, type: "search", definition };
}

/** Nested as the documents are: a dotted key would be accepted and index nothing. */
function metadataFields(fields: readonly FilterField[]): Record<string, unknown> {
  const root: Record<string, unknown> = { tenant_id: { type: "token" }, location: { type: "geo" } };
  for (const { path, kind } of fields) {
    const names = path.split(".").slice(1);
    let at = root;
    for (const name of names.slice(0, -1)) {
      const inner = (at[name] ??= { type: "document", dynamic: false, fields: {} }) as {
        fields: Record<string, unknown>;
      };
      at = inner.fields;
    }
    at[names.at(-1)!] = { type: typeOf[kind] };
  }
  return root;
}

export const searchIndexes = (settings: IndexSettings): readonly SearchIndexSpec[] => [
  ...(settings.dimensions > 0 ? [vectorIndex(settings)] : []),
  textIndex(settings),
];

export interface SupportingIndex {
  readonly collection: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly options: Pick<CreateIndexesOptions, "unique" | "expireAfterSeconds" | "partialFilterExpression">;
}

const index = (
  collection: string,
  key: SupportingIndex["key"],
  options: SupportingIndex["options"] = {},
): SupportingIndex => ({ collection, key, options });

const day = 86_400;

/** The guide's supporting indexes, each prefixed by the tenant, and those that our own queries need. */
export const supportingIndexes: readonly SupportingIndex[] = [
  index(collections.documents, { tenant_id: 1, document_id: 1 }, { unique: true }),
  index(collections.documents, { tenant_id: 1, source: 1 }),
  index(collections.texts, { tenant_id: 1, document_id: 1, batch: 1, part: 1 }, { unique: true }),
  index(collections.texts, { staged_at: 1 }, { expireAfterSeconds: day }),
  index(collections.chunks, { "metadata.tenant_id": 1, chunk_id: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, document_id: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, source: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, entities: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, titles: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, subnames: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, "links.kind": 1, "links.target": 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, vocabulary: 1, live: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, _id: 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, "assertions.source_entity": 1 }),
  index(collections.chunks, { "metadata.tenant_id": 1, "assertions.target_entity": 1 }),
  index(collections.chunks, { staged_at: 1 }, { expireAfterSeconds: day }),
  index(collections.sessions, { tenant_id: 1, session_id: 1 }, { unique: true }),
  index(collections.sessions, { tenant_id: 1, "metadata.user_id": 1, updated_at: -1 }),
  index(collections.sessions, { expires_at: 1 }, { expireAfterSeconds: 0 }),
  index(collections.messages, { tenant_id: 1, session_key: 1, sequence: 1 }, { unique: true }),
  index(collections.messages, { expires_at: 1 }, { expireAfterSeconds: 0 }),
  index(collections.memories, { tenant_id: 1, agent_id: 1, memory_id: 1 }, { unique: true }),
  index(collections.memories, { tenant_id: 1, agent_id: 1, type: 1, updated_at: -1 }),
  index(collections.memories, { tenant_id: 1, agent_id: 1, type: 1, importance: -1 }),
  index(collections.memories, { expires_at: 1 }, { expireAfterSeconds: 0 }),
  index(collections.jobs, { tenant_id: 1, job_id: 1 }, { unique: true }),
  index(collections.jobs, { state: 1, kind: 1, created_at: 1 }),
  index(collections.caches, { tenant_id: 1, space: 1, key: 1 }, { unique: true }),
  index(collections.caches, { expires_at: 1 }, { expireAfterSeconds: 0 }),
  index(collections.keys, { tenant_id: 1, created_at: 1 }),
  index(collections.audit, { tenant_id: 1, sequence: -1 }),
  index(collections.edits, { tenant_id: 1, sequence: 1 }, { unique: true }),
];
