/** What of a chunk stands in the text that is embedded beside its content. */
export interface ChunkContext {
  readonly title: string;
  /** Headings above the content that are not part of it. */
  readonly headings: readonly string[];
}

const maxTitleWords = 32;

/**
 * "title. headings. content" within the embedder's limit: the content is kept whole, of the headings the innermost
 * go last, the title is cut at a word. What stands among them twice, or is the content itself, stands once.
 */
export function embeddedText(
  context: ChunkContext,
  content: string,
  limit: { readonly countTokens: (text: string) => number; readonly maxTokens: number },
): { readonly text: string; readonly tokens: number } {
  const parts = [context.title, ...context.headings].map((part) => part.trim().replace(/[.\s]+$/u, "")).filter(Boolean);
  const [title, ...headings] = parts.filter((part, index) => parts.indexOf(part) === index && part !== content);
  const measured = (head: readonly string[]): { readonly text: string; readonly tokens: number } => {
    const text = [...head, content].join(". ");
    return { text, tokens: limit.countTokens(text) };
  };
  if (title === undefined) return measured([]);
  for (let dropped = 0; dropped <= headings.length; dropped += 1) {
    const whole = measured([title, ...headings.slice(dropped)]);
    if (whole.tokens <= limit.maxTokens) return whole;
  }
  for (const words = title.split(/\s+/u).slice(0, maxTitleWords); words.length > 0; words.pop()) {
    const cut = measured([words.join(" ")]);
    if (cut.tokens <= limit.maxTokens) return cut;
  }
  return measured([]);
}
