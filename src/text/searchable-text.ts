/** What the text leg counts as the body of a chunk: its title, the headings above it, and its content. */
export function searchableText(chunk: {
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly content: string;
}): string {
  const headings = chunk.heading_path.filter((heading) => heading !== chunk.title && !chunk.content.includes(heading));
  return [chunk.title, ...headings, chunk.content].filter((part) => part !== "").join("\n");
}
