import { z } from "zod";
import { flag, list, secret, setting, whole } from "./setting.ts";

/** `metadata.pages:number,metadata.author:string`. */
const filterFields = z.preprocess(
  (value) =>
    typeof value !== "string"
      ? value
      : value
          .split(",")
          .map((part) => ({ path: part.split(":")[0]?.trim(), kind: part.split(":")[1]?.trim() ?? "string" })),
  z.array(
    z.strictObject({
      path: z.string().regex(/^metadata(\.[A-Za-z_][A-Za-z0-9_-]*){1,6}$/, "a path such as metadata.pages is expected"),
      kind: z.enum(["string", "number", "boolean", "date"]),
    }),
  ),
);

/** Where MongoDB is, how it is reached, and how its search indexes are built. */
export const mongodbSettings = {
  mongodb_uri: secret("MONGODB_URI", "data", "Connection string of MongoDB; setting it moves everything there."),
  mongodb_database: setting(
    "MONGODB_DATABASE",
    "data",
    z.string().min(1).default("hybridrag"),
    "Database that holds the collections.",
  ),
  mongodb_timeout_ms: setting(
    "MONGODB_TIMEOUT_MS",
    "data",
    whole.min(100).default(30_000),
    "Time that one call of the store may take, repetitions included.",
  ),
  mongodb_max_pool_size: setting(
    "MONGODB_MAX_POOL_SIZE",
    "data",
    whole.min(1).max(10_000).default(100),
    "Connections of one server at most.",
  ),
  mongodb_min_pool_size: setting(
    "MONGODB_MIN_POOL_SIZE",
    "data",
    whole.min(0).max(10_000).default(0),
    "Connections that are kept open.",
  ),
  mongodb_manage_indexes: setting(
    "MONGODB_MANAGE_INDEXES",
    "data",
    flag.default(true),
    "Create search indexes that are missing; false where an operator runs `hybridrag indexes apply`.",
  ),
  mongodb_slow_ms: setting(
    "MONGODB_SLOW_MS",
    "data",
    whole.min(1).default(100),
    "The service logs commands that take longer, by their shape and without their values.",
  ),
  mongodb_quantization: setting(
    "MONGODB_QUANTIZATION",
    "data",
    z.enum(["auto", "none", "scalar", "binary"]).default("auto"),
    "Quantization of the vector index; auto decides by its size in memory when it is created, and `indexes plan` says when it should change.",
  ),
  mongodb_filter_fields: setting(
    "MONGODB_FILTER_FIELDS",
    "data",
    filterFields.default([]),
    "Metadata fields that filters use beside source, category and timestamp: metadata.NAME:string, :number, :boolean or :date, with commas between.",
  ),
  mongodb_similarity: setting(
    "MONGODB_SIMILARITY",
    "data",
    z.enum(["cosine", "dotProduct"]).default("cosine"),
    "Similarity of the vector index: of unit vectors both say the cosine; dotProduct needs an embedder that gives unit vectors.",
  ),
  mongodb_hnsw_max_edges: setting(
    "MONGODB_HNSW_MAX_EDGES",
    "data",
    whole.min(16).max(64).optional(),
    "Edges of a vector in the index; more find more and take more memory. MongoDB's default is 16.",
  ),
  mongodb_hnsw_edge_candidates: setting(
    "MONGODB_HNSW_EDGE_CANDIDATES",
    "data",
    whole.min(100).max(3200).optional(),
    "Vectors looked at for the edges of a new one; more find more and build slower. MongoDB's default is 100.",
  ),
  mongodb_indexing_method: setting(
    "MONGODB_INDEXING_METHOD",
    "data",
    z.enum(["hnsw", "flat"]).optional(),
    "flat: the vector index is scanned, for very many small tenants (preview); MongoDB's default is hnsw.",
  ),
  mongodb_num_candidates: setting(
    "MONGODB_NUM_CANDIDATES",
    "data",
    whole.min(1).max(10_000).optional(),
    "Vectors that an approximate search looks at; default: 20 for each result asked for, 100 at least.",
  ),
  mongodb_analyzer: setting(
    "MONGODB_ANALYZER",
    "data",
    z.string().min(1).default("lucene.standard"),
    "Analyzer of content and title in the index default, for those who search them by hand; our text leg brings its own words.",
  ),
  mongodb_stored_source: setting(
    "MONGODB_STORED_SOURCE",
    "data",
    list.default(["content", "title", "metadata"]),
    "Fields that the index default keeps for `returnStoredSource`, with commas between.",
  ),
  mongodb_lexical_prefilter: setting(
    "MONGODB_LEXICAL_PREFILTER",
    "data",
    flag.default(false),
    "A vector field in the index default too, for the operator vectorSearch inside $search (preview); left out where the cluster has none.",
  ),
  mongodb_features_off: setting(
    "MONGODB_FEATURES_OFF",
    "data",
    list.pipe(z.array(z.enum(["rankFusion", "scoreFusion", "lexicalPrefilter"]))).default([]),
    "What the cluster has and shall not be used: rankFusion, scoreFusion, lexicalPrefilter, with commas between.",
  ),
};
