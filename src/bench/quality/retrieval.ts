import type { Dataset } from "../../evaluate/dataset.ts";
import { evaluate, type Evaluation, type ModeFigures } from "../../evaluate/evaluate.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Indexed } from "./indexed.ts";

export interface RetrievalFigures extends Evaluation {
  /** nDCG@10 of hybrid less that of its better leg: below 0, fusion costs something. Null without judgements. */
  readonly hybridOverBetterLeg: number | null;
}

/** Every mode on one judged collection. `modes` should hold vector, text and hybrid. */
export async function measureRetrieval(
  dataset: Dataset,
  { ports, scope, settings }: Indexed,
  modes: readonly Mode[] = ["vector", "text", "hybrid"],
): Promise<RetrievalFigures> {
  const search = await documentSearch(ports, scope, settings);
  const evaluation = await evaluate(dataset, { search, modes, now: ports.now });
  const of = (figures: ModeFigures | undefined) => figures?.["ndcg@10"] ?? null;
  const [vector, text, hybrid] = [evaluation.modes.vector, evaluation.modes.text, evaluation.modes.hybrid].map(of);
  const known = vector != null && text != null && hybrid != null;
  return { ...evaluation, hybridOverBetterLeg: known ? hybrid - Math.max(vector, text) : null };
}
