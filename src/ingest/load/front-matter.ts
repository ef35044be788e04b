import type { MetadataScalar, MetadataValue } from "../../records.ts";

/** Keys that say who may read a document or where it is from: a file may not decide them. */
const reserved = new Set(["access", "tenant_id", "tenant", "source"]);
const keyLine = /^(?<key>[\p{L}_][\p{L}\p{N}_-]*)\s*[:=]\s*(?<value>.*)$/u;

/**
 * The plain part of YAML and TOML front matter: scalars and lists of scalars at the top level. Anything deeper is
 * left out of the metadata; it stays readable in the text.
 */
export function parseFrontMatter(source: string): Readonly<Record<string, MetadataValue>> {
  const metadata: Record<string, MetadataValue> = {};
  const lines = source.split(/\r?\n/u);
  for (const [index, line] of lines.entries()) {
    const { key, value = "" } = keyLine.exec(line)?.groups ?? {};
    if (!key || reserved.has(key)) continue;
    const parsed = value.trim() === "" ? listBelow(lines.slice(index + 1)) : parseValue(value.trim());
    if (parsed !== undefined) metadata[key] = parsed;
  }
  return metadata;
}

function listBelow(lines: readonly string[]): readonly MetadataScalar[] | undefined {
  const items: MetadataScalar[] = [];
  for (const line of lines) {
    const item = /^\s*-\s+(?<item>.+)$/u.exec(line)?.groups?.["item"];
    if (item === undefined) break;
    items.push(parseScalar(item.trim()));
  }
  return items.length > 0 ? items : undefined;
}

function parseValue(value: string): MetadataValue | undefined {
  if (value.startsWith("[") && value.endsWith("]")) {
    const inner = value.slice(1, -1).trim();
    return inner === "" ? [] : inner.split(",").map((item) => parseScalar(item.trim()));
  }
  return /^[{&*!|>]/u.test(value) ? undefined : parseScalar(value);
}

function parseScalar(value: string): MetadataScalar {
  const quoted = /^(?<quote>["'])(?<inner>.*)\k<quote>$/u.exec(value)?.groups;
  if (quoted) return quoted["inner"] ?? "";
  const bare = value.replace(/\s+#.*$/u, "");
  if (bare === "true" || bare === "false") return bare === "true";
  if (bare === "null" || bare === "~" || bare === "") return null;
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/u.test(bare) ? Number(bare) : bare;
}
