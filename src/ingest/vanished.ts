import { stat } from "node:fs/promises";
import type { Store } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import { sourceOfPath } from "./sources.ts";

const pageSize = 500;

/** Stored documents whose file stood below one of the folders and is no longer on the disk. */
export async function* vanishedDocuments(
  store: Store,
  scope: Scope,
  folders: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly document_id: string; readonly source: string }> {
  for (const folder of folders) {
    const sourcePrefix = `${sourceOfPath(folder).replace(/\/$/u, "")}/`;
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Store["documents"]["list"]>> = await store.documents.list(
        scope,
        { limit: pageSize, cursor, sourcePrefix },
        { signal },
      );
      for (const { document_id, source } of page.items) {
        if (await isGone(source)) yield { document_id, source };
      }
      cursor = page.next;
    } while (cursor !== null);
  }
}

const isGone = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
};
