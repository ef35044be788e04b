import { embedderContract } from "./contract/embedder-contract.ts";
import { languageModelContract } from "./contract/language-model-contract.ts";
import { rerankerContract } from "./contract/reranker-contract.ts";
import { overlapReranker, quotingModel, wordEmbedder } from "./fake-models.ts";

const opened = <Port>(model: Port) => ({
  open: async () => ({ model, dispose: async () => {} }),
});

embedderContract({ name: "the word embedder", ...opened(wordEmbedder()) });
rerankerContract({ name: "the overlap reranker", ...opened(overlapReranker()) });
languageModelContract({ name: "the quoting model", ...opened(quotingModel()) });
