import { z } from "zod";
import { mongodbSettings } from "./mongodb-settings.ts";
import { serviceSettings } from "./service-settings.ts";
import { flag, jsonOf, list, number, secret, setting, whole, type Setting } from "./setting.ts";

export type { Setting } from "./setting.ts";

const flatPrice = {
  input: z.number().min(0),
  output: z.number().min(0).optional(),
  cacheRead: z.number().min(0).optional(),
  cacheWrite: z.number().min(0).optional(),
};
const price = z.strictObject({
  ...flatPrice,
  above: z.strictObject({ tokens: z.number().min(0), price: z.strictObject(flatPrice) }).optional(),
});
const rates = z.strictObject({
  requestsPerMinute: z.number().min(1).optional(),
  tokensPerMinute: z.number().min(1).optional(),
  parallel: z.int().min(1).optional(),
});

/**
 * Every setting, in the order that `hybridrag config` prints. `docs/configuration.md` is generated from this table.
 * Names that the ecosystem already has are kept; all others begin with `HYBRIDRAG_`.
 */
export const settings = {
  data_dir: setting(
    "HYBRIDRAG_DATA_DIR",
    "data",
    z.string().min(1).default(".hybridrag"),
    "Folder of the embedded engine; `--data` on the command line.",
  ),
  tenant: setting(
    "HYBRIDRAG_TENANT",
    "data",
    z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,100}$/)
      .default("default"),
    "Tenant of the command line and of local development; a service takes it from the credential.",
  ),
  engine: setting(
    "HYBRIDRAG_ENGINE",
    "data",
    z.enum(["auto", "embedded", "mongodb"]).default("auto"),
    "auto takes mongodb when MONGODB_URI is set, else embedded.",
  ),
  durability: setting(
    "HYBRIDRAG_DURABILITY",
    "data",
    z.enum(["normal", "full"]).default("normal"),
    "normal survives a crash of the process, full also a loss of power (one fsync a write).",
  ),
  ...mongodbSettings,
  cache_dir: setting(
    "HYBRIDRAG_CACHE_DIR",
    "data",
    z.string().min(1).optional(),
    "Folder for what can be computed again, such as the built local model; default: the user's cache folder.",
  ),

  embedder: setting(
    "HYBRIDRAG_EMBEDDER",
    "models",
    z.string().min(1).default("auto"),
    "auto, local, local:FOLDER, voyage[:MODEL], openai[:MODEL], gemini[:MODEL] or none (lexical only).",
  ),
  embedding_dimensions: setting(
    "HYBRIDRAG_EMBEDDING_DIMENSIONS",
    "models",
    whole.min(1).max(8192).optional(),
    "Dimensions for models that offer several.",
  ),
  embedder_workers: setting(
    "HYBRIDRAG_EMBEDDER_WORKERS",
    "models",
    whole.min(1).max(64).optional(),
    "Threads of the local embedder; default: one a core.",
  ),
  reranker: setting(
    "HYBRIDRAG_RERANKER",
    "models",
    z.string().min(1).default("auto"),
    "auto (voyage when its key is set), voyage[:MODEL] or none.",
  ),
  batch_above: setting(
    "HYBRIDRAG_BATCH_ABOVE",
    "models",
    whole.min(0).default(500),
    "With HYBRIDRAG_EXTRACTOR=model, an ingest that needs more calls than this orders them as batches: half the price, within a day. Anthropic only.",
  ),
  courier: setting(
    "HYBRIDRAG_COURIER",
    "models",
    flag.default(true),
    "Whether a process of its own makes the paid calls of an ingest, so that what is under way when the ingest is killed is not paid for again. false: the ingest makes them itself.",
  ),
  language_model: setting(
    "HYBRIDRAG_LANGUAGE_MODEL",
    "models",
    z.string().min(1).default("auto"),
    "auto, anthropic[:MODEL], openai[:MODEL], gemini[:MODEL] or none (extractive answers).",
  ),
  voyage_api_key: secret("VOYAGE_API_KEY", "models", "Key of Voyage AI (pa-…) or of Atlas' model API (al-…)."),
  voyage_base_url: setting("VOYAGE_BASE_URL", "models", z.url().optional(), "Another address of the Voyage API."),
  anthropic_api_key: secret("ANTHROPIC_API_KEY", "models", "Key of Anthropic."),
  anthropic_base_url: setting(
    "ANTHROPIC_BASE_URL",
    "models",
    z.url().optional(),
    "Another address of the Anthropic API.",
  ),
  openai_api_key: secret("OPENAI_API_KEY", "models", "Key of OpenAI or of a compatible server."),
  openai_base_url: setting(
    "OPENAI_BASE_URL",
    "models",
    z.url().optional(),
    "Address of a compatible server, such as http://localhost:11434/v1.",
  ),
  gemini_api_key: secret("GEMINI_API_KEY", "models", "Key of Google's Gemini API."),
  gemini_base_url: setting("GEMINI_BASE_URL", "models", z.url().optional(), "Another address of the Gemini API."),
  extractor: setting(
    "HYBRIDRAG_EXTRACTOR",
    "models",
    z.enum(["local", "model"]).default("local"),
    "Who finds names and statements for the graph: rules, or rules and the small model of the provider (paid).",
  ),
  community_summaries: setting(
    "HYBRIDRAG_COMMUNITY_SUMMARIES",
    "models",
    z.enum(["quotes", "model"]).default("quotes"),
    "What sums up the communities of mode global: their most central sentences, or the small model of the provider (paid, once for the same passages).",
  ),
  query_embedding_model: setting(
    "HYBRIDRAG_QUERY_EMBEDDING_MODEL",
    "models",
    z.string().min(1).optional(),
    "A lighter Voyage model for questions, of the same series as the documents' model.",
  ),
  prices: setting(
    "HYBRIDRAG_PRICES",
    "models",
    jsonOf(z.record(z.string(), price)).default({}),
    'US dollars for a million tokens over the built-in list: {"voyage/voyage-4-large": {"input": 0.12}}.',
  ),
  rate_limits: setting(
    "HYBRIDRAG_RATE_LIMITS",
    "models",
    jsonOf(z.record(z.string(), rates)).default({}),
    'Limits of your account: {"voyage/voyage-4-large": {"requestsPerMinute": 4000, "tokensPerMinute": 6000000}}.',
  ),
  budget_usd: setting(
    "HYBRIDRAG_BUDGET_USD",
    "models",
    number.min(0).optional(),
    "Ceiling for all paid calls of one tenant.",
  ),
  budget_usd_per_day: setting(
    "HYBRIDRAG_BUDGET_USD_PER_DAY",
    "models",
    number.min(0).optional(),
    "Ceiling for paid calls of one tenant and day; the call that would pass it is refused.",
  ),
  budget_usd_per_run: setting(
    "HYBRIDRAG_BUDGET_USD_PER_RUN",
    "models",
    number.min(0).optional(),
    "Ceiling for paid calls of one command.",
  ),

  mode: setting(
    "HYBRIDRAG_MODE",
    "retrieval",
    z.enum(["vector", "text", "hybrid", "local", "global", "mix", "bypass"]).default("mix"),
    "Retrieval mode where a request names none.",
  ),
  top_k: setting(
    "HYBRIDRAG_TOP_K",
    "retrieval",
    whole.min(1).max(100).default(10),
    "Results where a request names no number.",
  ),
  fusion: setting(
    "HYBRIDRAG_FUSION",
    "retrieval",
    z.enum(["z", "convex", "rrf", "native-rank", "native-score"]).default("z"),
    "How the legs are joined: z-scores, convex combination, reciprocal ranks; or by MongoDB's own $rankFusion or " +
      "$scoreFusion, where the server has it.",
  ),
  vector_weight: setting(
    "HYBRIDRAG_VECTOR_WEIGHT",
    "retrieval",
    number.min(0).max(100).default(1),
    "Weight of the vector leg.",
  ),
  text_weight: setting(
    "HYBRIDRAG_TEXT_WEIGHT",
    "retrieval",
    number.min(0).max(100).default(0.4),
    "Weight of the text leg.",
  ),
  rank_constant: setting(
    "HYBRIDRAG_RANK_CONSTANT",
    "retrieval",
    number.min(1).max(10000).default(60),
    "Constant of reciprocal rank fusion.",
  ),
  calibrate: setting(
    "HYBRIDRAG_CALIBRATE",
    "retrieval",
    flag.default(false),
    "Learn the text weight of a tenant from its own last 200 questions.",
  ),
  cosine_threshold: setting(
    "HYBRIDRAG_COSINE_THRESHOLD",
    "retrieval",
    number.min(-1).max(1).default(-1),
    "Hits of the vector leg below this cosine are left out.",
  ),
  support: setting(
    "HYBRIDRAG_SUPPORT",
    "retrieval",
    number.min(0).max(1).default(0.7),
    "How far a hit is lifted towards similar hits that scored better, 0 (off) to 1; z fusion only.",
  ),
  document_prior: setting(
    "HYBRIDRAG_DOCUMENT_PRIOR",
    "retrieval",
    number.min(0).max(10).default(2),
    "Among documents that are alike (reports of several years, contracts, manuals), how far passages rise by the document that a question means: by its id, title and first pages, or as the latest; 0 is off; z fusion only.",
  ),
  search_cache_seconds: setting(
    "HYBRIDRAG_SEARCH_CACHE_SECONDS",
    "retrieval",
    whole.min(0).max(86_400).default(0),
    "How long the same search is answered without searching again, while nothing of its tenant has changed; 0: never. Embedded engine only: elsewhere others write, and search sees it late.",
  ),
  rerank_top_k: setting(
    "HYBRIDRAG_RERANK_TOP_K",
    "retrieval",
    whole.min(1).max(1000).default(50),
    "Hits that a reranker sees.",
  ),
  query_expansion: setting(
    "HYBRIDRAG_QUERY_EXPANSION",
    "retrieval",
    z.enum(["none", "multi-query", "hyde", "decompose"]).default("none"),
    "Searches that a model adds to a question before it is answered; each costs a call.",
  ),
  mmr_lambda: setting(
    "HYBRIDRAG_MMR_LAMBDA",
    "retrieval",
    number.min(0).max(1).optional(),
    "Diversity by maximal marginal relevance: 1 is none; unset is off.",
  ),
  query_timeout_ms: setting(
    "HYBRIDRAG_QUERY_TIMEOUT_MS",
    "retrieval",
    whole.min(1).default(30_000),
    "Deadline of one search or answer.",
  ),

  session_ttl_days: setting(
    "HYBRIDRAG_SESSION_TTL_DAYS",
    "answers",
    number.min(0.001).default(30),
    "Days after its last message that a conversation is kept.",
  ),
  assistant_turn_weight: setting(
    "HYBRIDRAG_ASSISTANT_TURN_WEIGHT",
    "answers",
    number.min(0).max(1).default(0.6),
    "What an assistant's message counts of a user's when a conversation is searched: 1 finds what the assistant stated as readily, less what users said of themselves. Questions about what it said take half of what is missing to 1 more, summaries all.",
  ),
  answer_constants: setting(
    "HYBRIDRAG_ANSWER_CONSTANTS",
    "answers",
    z.string().min(1).optional(),
    "File of the constants that tell an answer from the closest passages, as `npm run fit` writes it for an embedder.",
  ),

  ...serviceSettings,

  chunk_tokens: setting(
    "HYBRIDRAG_CHUNK_TOKENS",
    "operations",
    whole.min(16).max(8192).optional(),
    "Token budget of a chunk; default: what the embedder reads well.",
  ),
  ingest_concurrency: setting(
    "HYBRIDRAG_INGEST_CONCURRENCY",
    "operations",
    whole.min(1).max(64).optional(),
    "Files parsed at once; default: one a core.",
  ),
  max_file_mb: setting(
    "HYBRIDRAG_MAX_FILE_MB",
    "operations",
    number.min(0.001).max(4096).default(200),
    "Larger files are refused.",
  ),
  fetch_allow: setting(
    "HYBRIDRAG_FETCH_ALLOW",
    "operations",
    list,
    "Hosts, such as wiki.example.org or 10.0.0.7:8080, whose pages are ingested although they are not public.",
  ),
  secrets: setting(
    "HYBRIDRAG_SECRETS",
    "operations",
    z.string().min(1).default("environment,aws,gcp,file"),
    "Where keys are looked for, in this order; a place that is not set up is left out.",
  ),
  encryption_key: secret(
    "ENCRYPTION_KEY",
    "operations",
    "Fernet key of the encrypted file of secrets; several, by commas, to rotate: the first writes.",
  ),
  secrets_file: setting(
    "HYBRIDRAG_SECRETS_FILE",
    "operations",
    z.string().min(1).optional(),
    "The encrypted file; default: secrets in the data folder.",
  ),
  aws_secret: setting(
    "HYBRIDRAG_AWS_SECRET",
    "operations",
    z.string().min(1).optional(),
    "A secret of AWS Secrets Manager that is a JSON object of keys by the names of their settings.",
  ),
  gcp_secrets_project: setting(
    "HYBRIDRAG_GCP_SECRETS_PROJECT",
    "operations",
    z.string().min(1).optional(),
    "Project whose GCP Secret Manager holds keys under the names of their settings.",
  ),
  gcp_secrets_endpoint: setting(
    "HYBRIDRAG_GCP_SECRETS_ENDPOINT",
    "operations",
    z.url().optional(),
    "Another address of GCP Secret Manager.",
  ),
  gcp_access_token: secret(
    "HYBRIDRAG_GCP_ACCESS_TOKEN",
    "operations",
    "Access token for GCP; default: the credentials of the machine.",
  ),
  log_level: setting(
    "HYBRIDRAG_LOG_LEVEL",
    "operations",
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("warn"),
    "Lowest level of the log on stderr.",
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
