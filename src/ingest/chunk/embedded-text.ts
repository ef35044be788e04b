/** What of a chunk stands in the text that is embedded beside its content. */
export interface ChunkContext {
  readonly title: string;
  /** Headings above the content that are not part of it. */
  readonly headings: readonly string[];
}

/**
 * "title. headings. content" within the embedder's limit: the content is kept whole, of the headings the innermost
 * go last, the title is cut at a word. A title that is the first heading stands once.
 */
export function embeddedText(
  context: ChunkContext,
  content: string,
  limit: { readonly countTokens: (text: string) => number; readonly maxTokens: number },
): string {
  const parts = [context.title, ...context.headings].map((part) => part.trim().replace(/[.\s]+$/u, "")).filter(Boolean);
  const [title, ...headings] = parts.filter((part, index) => parts.indexOf(part) === index);
  const joined = (head: readonly string[]): string => [...head, content].join(". ");
  const fits = (head: readonly string[]): boolean => limit.countTokens(joined(head)) <= limit.maxTokens;
  if (title === undefined) return content;
  for (let dropped = 0; dropped <= headings.length; dropped += 1) {
    const head = [title, ...headings.slice(dropped)];
    if (fits(head)) return joined(head);
  }
  const words = title.split(/\s+/u).slice(0, 32);
  while (words.length > 0 && !fits([words.join(" ")])) words.pop();
  return words.length > 0 ? joined([words.join(" ")]) : content;
}
