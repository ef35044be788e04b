import type { FinishReason, GeneratePart, LanguageModel, TokenUsage } from "../../ports/language-model.ts";
import type { AnswerEvent } from "../answer/answer-event.ts";
import type { CitationWriter } from "./cite-text.ts";
import type { Prompt } from "./prompt.ts";
import { type ScannedPiece, type TextScanner, textScanner } from "./scan-text.ts";

/** How the model's part of an answer ended. */
export interface Written {
  /** `failed`: it broke off by an error after text had been shown. */
  readonly reason: FinishReason | "failed";
  readonly usage: TokenUsage | null;
  readonly linksRemoved: number;
  readonly error: unknown;
}

/**
 * Streams the model's text as events, its citations checked on the way.
 * @throws what the model throws, as long as nothing has been shown.
 */
export async function* writeAnswer(
  model: LanguageModel,
  prompt: Prompt,
  writer: CitationWriter,
  options: { readonly question: string; readonly signal: AbortSignal | undefined; readonly onBegin: () => void },
): AsyncGenerator<AnswerEvent, Written, void> {
  const scanner = textScanner({ markers: model.cites === "markers", isKnownUrl: knownUrls(prompt, options.question) });
  let reason: Written["reason"] = "cut";
  let usage: TokenUsage | null = null;
  let error: unknown = null;
  let shown = false;
  try {
    for await (const part of model.stream({ ...prompt.request, signal: options.signal })) {
      options.onBegin();
      if (part.type === "finish") ({ reason, usage } = part);
      for await (const event of eventsOf(part, scanner, writer)) {
        shown = true;
        yield event;
      }
    }
  } catch (caught) {
    if (!shown) throw caught;
    reason = "failed";
    error = caught;
  }
  yield* piecesToEvents(scanner.end(), writer);
  return { reason, usage, linksRemoved: scanner.removed, error };
}

async function* eventsOf(
  part: GeneratePart,
  scanner: TextScanner,
  writer: CitationWriter,
): AsyncGenerator<AnswerEvent> {
  if (part.type === "text-delta") yield* piecesToEvents(scanner.push(part.text), writer);
  if (part.type !== "citation") return;
  yield* piecesToEvents(scanner.end(), writer);
  yield* await writer.cite(part.source_id, part.quote);
}

async function* piecesToEvents(pieces: readonly ScannedPiece[], writer: CitationWriter): AsyncGenerator<AnswerEvent> {
  for (const piece of pieces) {
    if (piece.type === "text") yield writer.write(piece.text);
    else for (const number of piece.numbers) yield* await writer.mark(number);
  }
}

/** Addresses that the model was shown. */
function knownUrls({ request }: Prompt, question: string): (url: string) => boolean {
  const material = [question, ...(request.sources ?? []).flatMap(({ text, source, title }) => [text, source, title])];
  return (url) => url.length > 8 && material.some((text) => text.includes(url));
}
