/** The name of a heading in an address, as GitHub makes it: "What's new?" → "whats-new". */
export const headingSlug = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");

/** Names the headings of one document in their order: equal ones are numbered from the second on. */
export function headingSlugs(): (heading: string) => string {
  const taken = new Map<string, number>();
  return (heading) => {
    const slug = headingSlug(heading);
    let name = slug;
    for (let count = taken.get(slug); count !== undefined && taken.has(name); count += 1) {
      name = `${slug}-${count}`;
      taken.set(slug, count + 1);
    }
    taken.set(name, 1);
    return name;
  };
}
