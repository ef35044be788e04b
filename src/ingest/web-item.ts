import { createHash } from "node:crypto";
import { HybridRAGError } from "../errors.ts";
import type { PageFetcher } from "../ports/page-fetcher.ts";
import type { ItemContent } from "./sources.ts";

/** The address that a source is; null for a path. */
export function webAddressOf(source: string): URL | null {
  return /^https?:\/\//i.test(source) && URL.canParse(source) ? new URL(source) : null;
}

/** Whether it could not be said where something is from without saying a password. */
export const holdsPassword = ({ username, password }: URL): boolean => username !== "" || password !== "";

export function withoutPassword(address: URL): string {
  const shown = new URL(address);
  shown.username = shown.password = "";
  return shown.href;
}

/** What the last step of an address says of the format; of its host when there is none. */
export const nameOfAddress = ({ pathname, hostname }: URL): string => {
  const last = pathname.split("/").findLast((step) => step !== "");
  return last === undefined ? hostname : decoded(last);
};

export async function readPage(
  address: URL,
  fetchPage: PageFetcher | undefined,
  { maxFileBytes, signal }: { readonly maxFileBytes: number; readonly signal?: AbortSignal },
): Promise<ItemContent> {
  if (fetchPage === undefined) throw new HybridRAGError("unreadable", "Addresses are not fetched here.");
  const { bytes, mime } = await fetchPage(address, { maxBytes: maxFileBytes, signal });
  const name = nameOfAddress(address);
  return {
    bytes,
    hash: createHash("sha256").update(bytes).digest("hex"),
    ...(mime === null ? {} : { mime }),
    // Page.php is a page and no program, whatever made it.
    ...(mime === "text/html" && !/\.x?html?$/i.test(name) ? { name: `${name}.html` } : {}),
  };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
