/**
 * `hybridrag/mongodb`: the store by itself, and the builders of indexes and pipelines for those who search their
 * collections by hand. What a builder returns was checked by mongot's own rules: a pipeline that the server would answer
 * with silence is an error before it is sent.
 */
export * from "./stores/mongodb/index.ts";
export { shapeOf, type IndexShape } from "./stores/mongodb/check-pipeline.ts";
export { graphLookupPipeline, type GraphLookup } from "./stores/mongodb/graph-lookup.ts";
export { searchIndexes, textIndex, vectorIndex, type SearchIndexSpec } from "./stores/mongodb/indexes.ts";
export { fuseRanks, rankFusionStage, type FusionInput } from "./stores/mongodb/rank-fusion.ts";
export { fuseScores, scoreFusionStage, type Normalization } from "./stores/mongodb/score-fusion.ts";
export { lexicalVectorStage, searchStage, type SearchOptions } from "./stores/mongodb/search-stage.ts";
export { vectorSearchStage, type VectorSearch } from "./stores/mongodb/vector-search.ts";
