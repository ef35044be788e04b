/**
 * Addresses that links lead to: a document's source or id, perhaps with the place in it behind a "#", as in
 * "guide.md#install". A ticket ("#12") begins with the mark and has no document before it.
 */

/** The document of an address: "guide.md#install" → "guide.md"; an address without a place is the document itself. */
export function documentOfAddress(address: string): string {
  const at = address.indexOf("#");
  return at > 0 ? address.slice(0, at) : address;
}

/** A wiki's page by the normalised form of its name, in whatever folder it lies. */
export const wikiScheme = "wiki:";
