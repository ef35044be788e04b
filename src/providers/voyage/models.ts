import { HybridRAGError } from "../../errors.ts";

/**
 * Voyage's models as of November 2026 (docs.voyageai.com, "Text Embeddings", "Rerankers"). Tokens are per request;
 * models of one space may be mixed: documents by the large one, questions by the light one.
 */
export interface VoyageModel {
  readonly requestTokens: number;
  readonly space: string;
  readonly retires: string | null;
}

const model = (requestTokens: number, space: string, retires: string | null = null): VoyageModel => ({
  requestTokens,
  space,
  retires,
});

const voyageModels: Readonly<Record<string, VoyageModel>> = {
  "voyage-4-large": model(120_000, "voyage-4"),
  "voyage-4": model(320_000, "voyage-4"),
  "voyage-4-lite": model(1_000_000, "voyage-4"),
  "voyage-code-4": model(120_000, "voyage-code-4"),
  "voyage-3-large": model(120_000, "voyage-3", "2027-12-01"),
  "voyage-3.5": model(320_000, "voyage-3", "2027-12-01"),
  "voyage-3.5-lite": model(1_000_000, "voyage-3", "2027-12-01"),
};

/** A model that is not in the table gets the smallest limit, so that it works on the day it appears. */
export const voyageModel = (name: string): VoyageModel => voyageModels[name] ?? model(120_000, name);

export const voyageDimensions: readonly number[] = [256, 512, 1024, 2048];

/** @throws HybridRAGError `invalid_config` where questions of one could not find documents of the other. */
export function checkSpace(model: string, queryModel: string): void {
  if (voyageModel(model).space === voyageModel(queryModel).space) return;
  throw new HybridRAGError(
    "invalid_config",
    `Questions embedded by ${queryModel} cannot find documents embedded by ${model}: their vectors are not comparable.`,
  );
}
