import { createHash } from "node:crypto";
import { instantOf } from "../../../filter/instant.ts";
import { positionOf } from "../../../filter/matches.ts";
import type { Metadata } from "../../../records.ts";
import type { Database } from "../sqlite/database.ts";

/** Longer text is cut in the index: no filter value is longer than 1,000, so one more unit decides every comparison. */
const longestIndexedText = 1001;

const namePattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const deepest = 6;

/**
 * The number of this metadata object, which is stored once however many rows carry it.
 *
 * @param owner metadata of the document that a chunk belongs to: its access list holds for the chunk as well.
 */
export function retainMetadata(db: Database, tenant: number, metadata: Metadata, owner: Metadata): number {
  const json = JSON.stringify(metadata);
  const guard = guardOf(metadata, owner);
  const hash = createHash("sha256")
    .update(JSON.stringify([json, guard]))
    .digest();
  const known = db.get<{ metadata_id: number }>(
    "UPDATE metadata SET uses = uses + 1 WHERE tenant = ? AND hash = ? RETURNING metadata_id",
    tenant,
    hash,
  );
  if (known) return known.metadata_id;
  const { key } = db.run(
    "INSERT INTO metadata (tenant, hash, json, access, guard, uses) VALUES (?, ?, ?, ?, ?, 1)",
    tenant,
    hash,
    json,
    accessKind(metadata),
    guard,
  );
  // What was written is what JSON keeps, so that filters and results speak of the same object.
  indexObject(db, { tenant, id: key }, "metadata", JSON.parse(json) as Metadata, deepest);
  return key;
}

/** Lets go of an object; the last use removes it with its index rows. */
export function releaseMetadata(db: Database, metadataId: number, uses: number): void {
  const left = db.get<{ uses: number }>(
    "UPDATE metadata SET uses = uses - ? WHERE metadata_id = ? RETURNING uses",
    uses,
    metadataId,
  );
  if (!left || left.uses > 0) return;
  const points = "SELECT point FROM metadata_points WHERE metadata_id = ?";
  db.run(`DELETE FROM metadata_boxes WHERE point IN (${points})`, metadataId);
  for (const table of ["metadata_points", "metadata_fields", "metadata_numbers", "metadata_texts", "metadata"]) {
    db.run(`DELETE FROM ${table} WHERE metadata_id = ?`, metadataId);
  }
}

/** `mayRead` in three kinds: everyone, those on the list, only the owner. */
function accessKind(metadata: Metadata): "open" | "listed" | "closed" {
  const access = metadata["access"];
  if (access === undefined || access === null) return "open";
  return Array.isArray(access) ? "listed" : "closed";
}

function guardOf(metadata: Metadata, owner: Metadata): string | null {
  const [own, above] = [metadata, owner].map((object) => JSON.stringify(object["access"] ?? null));
  return own === above ? null : above!;
}

interface Target {
  readonly tenant: number;
  readonly id: number;
}

function indexObject(db: Database, target: Target, path: string, object: object, depth: number): void {
  if (depth === 0) return;
  for (const [name, value] of Object.entries(object)) {
    if (!namePattern.test(name)) continue;
    const field = `${path}.${name}`;
    db.run(
      "INSERT INTO metadata_fields (tenant, field, metadata_id) VALUES (?, ?, ?)",
      target.tenant,
      field,
      target.id,
    );
    indexPoint(db, target, field, value);
    for (const element of Array.isArray(value) ? value : [value]) indexScalar(db, target, field, element);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      indexObject(db, target, field, value, depth - 1);
    }
  }
}

function indexScalar(db: Database, { tenant, id }: Target, field: string, value: unknown): void {
  const number = (kind: string, stored: number): unknown =>
    db.run("INSERT OR IGNORE INTO metadata_numbers VALUES (?, ?, ?, ?, ?)", tenant, field, kind, stored, id);
  if (value === null) number("null", 0);
  else if (typeof value === "boolean") number("boolean", value ? 1 : 0);
  else if (typeof value === "number") number("number", value);
  else if (typeof value === "string") {
    const instant = instantOf(value);
    const text = value.slice(0, longestIndexedText);
    if (instant !== null) number("instant", instant);
    db.run(
      "INSERT OR IGNORE INTO metadata_texts VALUES (?, ?, ?, ?, ?)",
      tenant,
      field,
      text,
      id,
      instant === null ? 0 : 1,
    );
  }
}

function indexPoint(db: Database, { tenant, id }: Target, field: string, value: unknown): void {
  const position = positionOf(value);
  if (!position) return;
  const { longitude, latitude } = position;
  const { key } = db.run(
    "INSERT INTO metadata_points (tenant, field, metadata_id, longitude, latitude) VALUES (?, ?, ?, ?, ?)",
    tenant,
    field,
    id,
    longitude,
    latitude,
  );
  db.run(
    "INSERT INTO metadata_boxes VALUES (?, ?, ?, ?, ?, ?, ?)",
    key,
    tenant,
    tenant,
    longitude,
    longitude,
    latitude,
    latitude,
  );
}
