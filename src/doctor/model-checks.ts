import type { Config } from "../config/config.ts";
import { HybridRAGError } from "../errors.ts";
import type { OpenedModels } from "../open-models.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { SecretChain } from "../secrets/index.ts";
import { type Check, failed, type Finding, ok, unknown, warning } from "./check.ts";

export interface ModelParts {
  readonly config: Config;
  readonly secrets: SecretChain;
  readonly models: () => Promise<OpenedModels>;
  /** The embedder in use, local ones included; null: none can run. */
  readonly embedder: () => Promise<Embedder | null>;
  /** False: nothing is called that costs money. */
  readonly calls: boolean;
}

const keyNames = ["VOYAGE_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"] as const;

/** Where keys come from, and whether each model that is set answers one short call. */
export const modelChecks = (parts: ModelParts): readonly Check[] => [
  { id: "security.keys", area: "security", run: () => keysFinding(parts.secrets) },
  { id: "models.embedder", area: "models", run: () => embedderFinding(parts) },
  { id: "models.reranker", area: "models", run: () => rerankerFinding(parts) },
  { id: "models.language", area: "models", run: () => languageFinding(parts) },
  { id: "models.retirement", area: "models", run: () => retirementFinding(parts) },
  { id: "configuration.budget", area: "configuration", run: () => budgetFinding(parts) },
];

async function keysFinding(secrets: SecretChain): Promise<Finding> {
  const found = await Promise.all(keyNames.map(async (name) => ({ name, origin: await secrets.origin(name) })));
  const present = found.filter(({ origin }) => origin !== null);
  if (present.length === 0) return ok("No key of a provider is set; nothing here needs one.");
  const message = `${present.map(({ name, origin }) => `${name} from ${origin}`).join(", ")}.`;
  const isOpen = present.some(({ origin }) => origin === "environment");
  return isOpen ? warning(message, "Keep keys in a secret manager or with hybridrag secrets set.") : ok(message);
}

const uncalled = (what: string): Finding => unknown(`${what} is set, and was not called.`, "Leave out --no-calls.");

async function embedderFinding({ embedder, calls, models }: ModelParts): Promise<Finding> {
  const opened = await embedder();
  if (opened === null) return warning("There is no embedder: searches are lexical only.", "Set HYBRIDRAG_EMBEDDER.");
  const isPaid = (await models()).embedder !== null;
  if (isPaid && !calls) return uncalled(opened.fingerprint);
  const { vectors } = await opened.embed(["health"], { kind: "query" });
  if (vectors[0]?.length !== opened.dimensions)
    throw new HybridRAGError("provider_failed", `${opened.fingerprint} gave ${vectors[0]?.length ?? 0} dimensions.`);
  return ok(`${opened.fingerprint} embeds.`);
}

async function rerankerFinding({ models, calls }: ModelParts): Promise<Finding> {
  const { reranker } = await models();
  if (reranker === null) return ok("No reranker is set.");
  if (!calls) return uncalled(reranker.model);
  const { ranking } = await reranker.rerank("health", ["health", "weather"], { limit: 2 });
  return ok(`${reranker.model} ordered ${ranking.length} texts.`);
}

async function languageFinding({ models, calls }: ModelParts): Promise<Finding> {
  const { model } = await models();
  if (model === null) return ok("No language model is set: answers are extracted.");
  if (!calls) return uncalled(model.model);
  const messages = [{ role: "user", content: "Say ok." }] as const;
  for await (const part of model.stream({ system: "Answer in one word.", messages, maxOutputTokens: 32 }))
    if (part.type === "finish") return ok(`${model.provider}/${model.model} answers (${part.reason}).`);
  return failed(
    `${model.provider}/${model.model} gave no end of its answer.`,
    "Try again; then look at the provider's status page.",
  );
}

async function retirementFinding({ models }: ModelParts): Promise<Finding> {
  const { notices } = await models();
  const [first] = notices;
  return first === undefined
    ? ok("No model that is set has an announced end.")
    : warning(first.message, "Choose its successor.");
}

async function budgetFinding({ config, models }: ModelParts): Promise<Finding> {
  const { embedder, model } = await models();
  if (embedder === null && model === null) return ok("No paid model is set.");
  const { budget_usd: all, budget_usd_per_day: day, budget_usd_per_run: run } = config;
  if (all === undefined && day === undefined && run === undefined)
    return warning("Nothing limits what paid models may cost.", "Set HYBRIDRAG_BUDGET_USD_PER_DAY.");
  const ceilings = { "in all": all, "a day": day, "a run": run };
  const words = Object.entries(ceilings).flatMap(([name, usd]) => (usd === undefined ? [] : [`${usd} USD ${name}`]));
  return ok(`Paid models may cost ${words.join(", ")}.`);
}
