import { HybridRAGError } from "../errors.ts";
import type { Metadata, MetadataScalar, MetadataValue } from "../records.ts";

const maxDepth = 5;
const maxBytes = 65_536;
/** The tenant comes from the credential alone. */
const forbiddenKeys = new Set(["tenant_id", "tenant"]);

/**
 * Metadata as a caller sends it: an object of scalars, lists of scalars, GeoJSON points and objects of these.
 * @throws HybridRAGError `invalid_input` with the path of the fault.
 */
export function parseMetadata(value: unknown, path = "metadata"): Metadata {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw invalid(path, "must be an object");
  const metadata = parseRecord(value, path, 1);
  for (const key of forbiddenKeys) {
    if (key in metadata) throw invalid(`${path}.${key}`, "is not accepted: the tenant comes from the credential");
  }
  const access = metadata["access"];
  if (access !== undefined && !(Array.isArray(access) && access.every((name) => typeof name === "string"))) {
    throw invalid(`${path}.access`, "must be a list of names");
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > maxBytes) throw invalid(path, `is larger than ${maxBytes} bytes`);
  return metadata;
}

function parseRecord(record: Record<string, unknown>, path: string, depth: number): Record<string, MetadataValue> {
  if (depth > maxDepth) throw invalid(path, `is nested deeper than ${maxDepth} levels`);
  const entries = Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [parseKey(key, path), parseValue(value, `${path}.${key}`, depth)] as const);
  return Object.fromEntries(entries);
}

/** Dots part the steps of a filter's path and `$` begins its operators. */
function parseKey(key: string, path: string): string {
  if (key === "" || key.length > 100) throw invalid(path, "has a key that is empty or longer than 100 characters");
  if (/[.\0]|^\$|^__proto__$/u.test(key)) throw invalid(`${path}.${key}`, "has a key with a dot or a leading $");
  return key;
}

function parseValue(value: unknown, path: string, depth: number): MetadataValue {
  if (isScalar(value)) return value;
  if (typeof value === "number") throw invalid(path, "must be a finite number");
  if (Array.isArray(value)) {
    if (!value.every(isScalar)) throw invalid(path, "must be a list of texts, numbers, true, false or null");
    return value;
  }
  if (isRecord(value)) return isPoint(value, path) ? value : parseRecord(value, path, depth + 1);
  throw invalid(path, "must be a text, number, true, false, null, a list or an object");
}

function isPoint(
  value: Record<string, unknown>,
  path: string,
): value is { type: "Point"; coordinates: [number, number] } {
  const { type, coordinates } = value;
  if (type !== "Point" || !Array.isArray(coordinates)) return false;
  const [longitude, latitude] = coordinates as readonly unknown[];
  const valid =
    coordinates.length === 2 && inRange(longitude, 180) && inRange(latitude, 90) && Object.keys(value).length === 2;
  if (!valid) throw invalid(path, "must hold a longitude from -180 to 180 and a latitude from -90 to 90");
  return true;
}

const inRange = (value: unknown, limit: number): boolean => typeof value === "number" && Math.abs(value) <= limit;

const isScalar = (value: unknown): value is MetadataScalar =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (path: string, fault: string): HybridRAGError =>
  new HybridRAGError("invalid_input", `${path} ${fault}.`, { details: { path } });
