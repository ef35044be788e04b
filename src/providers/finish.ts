import type { GeneratePart, TokenUsage } from "../ports/language-model.ts";

export const finish = (reason: (GeneratePart & { type: "finish" })["reason"], usage: TokenUsage): GeneratePart => ({
  type: "finish",
  reason,
  usage,
});

/**
 * Ends a stream that breaks off after text was given out as `cut`, so that the text is not lost; one that breaks
 * before, or is cancelled, fails with its error. `usage` is what is known at that moment.
 */
export async function* endingCut(
  parts: AsyncIterable<GeneratePart>,
  options: { readonly signal: AbortSignal | undefined; readonly usage: () => TokenUsage },
): AsyncGenerator<GeneratePart> {
  let written = false;
  try {
    for await (const part of parts) {
      if (part.type === "text-delta") written = true;
      yield part;
      if (part.type === "finish") return;
    }
  } catch (error) {
    if (!written || options.signal?.aborted) throw error;
  }
  yield finish("cut", options.usage());
}
