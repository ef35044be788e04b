import { both, complement, either, hasBit, type Bits } from "./bits.ts";

/**
 * Which rows scope and filter allow. A row is known by the numbers of its metadata object and its document; a filter
 * is decided once for each distinct object, then read off for every row.
 */
export type Allowed =
  | { readonly of: "all" }
  | { readonly of: "metadata"; readonly bits: Bits }
  | { readonly of: "document"; readonly bits: Bits }
  | { readonly of: "pair"; readonly test: RowTest; readonly bytes: number };

export type RowTest = (metadataId: number, documentKey: number) => boolean;

export function rowTest(allowed: Allowed): RowTest {
  switch (allowed.of) {
    case "all":
      return () => true;
    case "metadata":
      return (metadataId) => hasBit(allowed.bits, metadataId);
    case "document":
      return (_metadataId, documentKey) => hasBit(allowed.bits, documentKey);
    case "pair":
      return allowed.test;
  }
}

export const all: Allowed = { of: "all" };
const none: Allowed = { of: "pair", test: () => false, bytes: 0 };

/** Memory that it holds. */
export const bytesOf = (allowed: Allowed): number =>
  allowed.of === "all" ? 0 : allowed.of === "pair" ? allowed.bytes : allowed.bits.words.byteLength;

export function negate(allowed: Allowed): Allowed {
  if (allowed.of === "all") return none;
  if (allowed.of === "pair") return { ...allowed, test: (m, d) => !allowed.test(m, d) };
  return { of: allowed.of, bits: complement(allowed.bits) };
}

export const intersect = (parts: readonly Allowed[]): Allowed =>
  join(
    parts.filter((part) => part.of !== "all"),
    both,
    (tests) => (m, d) => tests.every((test) => test(m, d)),
  ) ?? all;

export const unite = (parts: readonly Allowed[]): Allowed =>
  parts.some((part) => part.of === "all")
    ? all
    : (join(parts, either, (tests) => (m, d) => tests.some((test) => test(m, d))) ?? none);

/** Sets over the same numbers are joined word by word; over different ones, row by row. */
function join(
  parts: readonly Allowed[],
  bitwise: (a: Bits, b: Bits) => Bits,
  rowwise: (tests: readonly RowTest[]) => RowTest,
): Allowed | null {
  const [first, ...rest] = parts;
  if (!first) return null;
  if ((first.of === "metadata" || first.of === "document") && rest.every((part) => part.of === first.of)) {
    return {
      of: first.of,
      bits: (rest as readonly { readonly bits: Bits }[]).reduce((sum, part) => bitwise(sum, part.bits), first.bits),
    };
  }
  const bytes = parts.reduce((sum, part) => sum + bytesOf(part), 0);
  return { of: "pair", test: rowwise(parts.map(rowTest)), bytes };
}
