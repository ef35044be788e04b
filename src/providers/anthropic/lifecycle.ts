import type { Warning } from "../../records.ts";
import { anthropicClient } from "./client.ts";
import type { ProviderOptions } from "../provider-options.ts";

/** What a reader should know about a model: it does not exist, or it ends on a day. Empty when all is well. */
export async function anthropicModelWarnings(
  options: ProviderOptions & { readonly model: string },
  signal?: AbortSignal,
): Promise<readonly Warning[]> {
  const models = await anthropicClient(options).run(signal, (sdk) => sdk.models.list({ limit: 1000 }, { signal }));
  const found = models.data.find(({ id }) => id === options.model);
  if (found === undefined)
    return [{ code: "model_unknown", message: `Anthropic does not list the model ${options.model} for this key.` }];
  if (found.retires_at === null || found.retires_at === undefined) return [];
  const date = found.retires_at.slice(0, 10);
  return [{ code: "model_retires", message: `Anthropic ends the model ${options.model} on ${date}; choose another.` }];
}
