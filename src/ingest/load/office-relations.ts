import { posix } from "node:path";
import { findElements, type XmlElement } from "./xml.ts";

/** Relation ids of an Office part with the paths they lead to, inside the archive. */
export function relationsOf(relations: XmlElement | null, folder: string): ReadonlyMap<string, string> {
  const found = relations ? findElements(relations, "Relationship") : [];
  return new Map(
    found
      .filter(({ attributes }) => attributes["TargetMode"] !== "External")
      .map(({ attributes }) => {
        const target = attributes["Target"] ?? "";
        const path = target.startsWith("/") ? target.slice(1) : posix.normalize(posix.join(folder, target));
        return [attributes["Id"] ?? "", path] as const;
      }),
  );
}

export const followRelations = (ids: readonly string[], targets: ReadonlyMap<string, string>): readonly string[] =>
  ids.flatMap((id) => targets.get(id) ?? []);

/** Where the relations of a part are written. */
export const relationsPath = (path: string): string => path.replace(/([^/]+)$/u, "_rels/$1.rels");
