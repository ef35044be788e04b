import type { SerializedError } from "../../errors.ts";
import { load } from "./load.ts";
import type { LoadedDocument, LoadRequest } from "./loaded-document.ts";
import { asRefusal } from "./refusal.ts";

/** What a worker answers to one request. */
export type LoadAnswer = { readonly document: LoadedDocument } | { readonly error: SerializedError };

/** A promise that a reader left behind must not end the worker; the file's own outcome is already known. */
process.on("unhandledRejection", () => undefined);
/** Nobody is left to read for. */
process.on("disconnect", () => process.exit());

process.on("message", (request: LoadRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});

async function answer(request: LoadRequest): Promise<LoadAnswer> {
  try {
    return { document: await load(request) };
  } catch (error) {
    return { error: asRefusal(request.name, error).toJSON() };
  }
}
