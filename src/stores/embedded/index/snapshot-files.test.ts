import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { englishAnalyzer } from "../../../text/analyze.ts";
import { bitsOfCodes } from "../vector/bits-of-codes.ts";
import { attachCodeTable } from "../vector/code-table.ts";
import { emptyBase, type IndexBase } from "./index-base.ts";
import { snapshotFiles } from "./snapshot-files.ts";
import { tenantIndex } from "./tenant-index.ts";

const analyzer = englishAnalyzer();
const dimensions = 64;
const rows = 9000;

/** Each near one of two hundred centres: of such vectors the bits tell the nearest. */
const vectorOf = (seed: number): Float32Array => {
  const raw = Float32Array.from(
    { length: dimensions },
    (_none, i) => Math.sin((seed % 200) * 7919 * (i + 1)) + 0.3 * Math.sin(seed * 104_729 * (i + 3)),
  );
  const length = Math.hypot(...raw);
  return raw.map((x) => x / length);
};

function baseWithBits(): IndexBase {
  const index = tenantIndex(emptyBase(1, dimensions), analyzer);
  index.add(
    Array.from({ length: rows }, (_none, at) => ({
      chunk_key: at + 1,
      metadata_id: 1,
      document_key: 1,
      title: "",
      content: "walrus",
      chunk_id: `c${at}`,
      names: [],
      vector: vectorOf(at + 1),
    })),
  );
  const base = index.freeze("one");
  const bits = bitsOfCodes(attachCodeTable(dimensions, base.codes!), rows, rows);
  return { ...base, bits: { mean: bits.mean, rows: bits.rows.memory } };
}

/** The same question often enough for the bits to have proved themselves. */
function found(base: IndexBase) {
  const index = tenantIndex(base, analyzer);
  const ask = () => index.vectors.nearest(vectorOf(17), index.slots.alive(), rows, 10);
  for (let i = 0; i < 10; i += 1) ask();
  const { slots, scores, moments } = ask();
  return { slots: [...slots!], scores: [...scores], moments };
}

test("a snapshot brings back the bits of the vectors, and a damaged one or one of another format nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-snapshot-"));
  try {
    const base = baseWithBits();
    const files = snapshotFiles(folder, "analyser");
    files.write(base);
    const before = found(base);
    assert.equal(before.slots.length, 400);
    assert.deepEqual(found(files.read(1, "one")!), before);
    const path = join(folder, readdirSync(folder)[0]!);
    const bytes = readFileSync(path);
    for (const place of [3, 0, bytes.length - 1]) {
      const other = Buffer.from(bytes);
      other[place]! ^= 1;
      writeFileSync(path, other);
      assert.equal(files.read(1, "one"), null);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
