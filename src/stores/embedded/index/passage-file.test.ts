import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { readPassages, writePassages } from "./passage-file.ts";

const dimensions = 3;
const passages = fc.array(
  fc.record({
    chunk_id: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
    document_id: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
    vector: fc.option(fc.float32Array({ minLength: dimensions, maxLength: dimensions })),
  }),
  { maxLength: 12 },
);

const fits = (passage: { readonly chunk_id: string; readonly document_id: string }): boolean =>
  Buffer.byteLength(passage.chunk_id) + Buffer.byteLength(passage.document_id) <= 120;

function inFolder(work: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-passages-"));
  try {
    work(join(folder, "one.passages"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("tells each passage as it was written, but for ids that are too long", () => {
  inFolder((path) =>
    fc.assert(
      fc.property(passages, (written) => {
        writePassages(path, dimensions, written);
        const slots = [...written.keys()].toReversed();
        const expected = slots.flatMap((slot) =>
          fits(written[slot]!) ? [[slot, { ...written[slot]! }] as const] : [],
        );
        assert.deepEqual([...readPassages(path, dimensions, slots)], expected);
      }),
      { numRuns: 100 },
    ),
  );
});

test("leaves out what is damaged or cut off, and everything when it is gone", () => {
  inFolder((path) => {
    const written = ["a", "b", "c"].map((id) => ({ chunk_id: id, document_id: id, vector: Float32Array.of(1, 2, 3) }));
    writePassages(path, dimensions, written);
    const bytes = readFileSync(path);
    const width = bytes.length / 3;
    const told = () => [...readPassages(path, dimensions, [0, 1, 2]).keys()];
    for (const place of [0, 5, width - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[width + place]! ^= 1;
      writeFileSync(path, damaged);
      assert.deepEqual(told(), [0, 2]);
    }
    writeFileSync(path, bytes);
    assert.deepEqual(told(), [0, 1, 2]);
    truncateSync(path, bytes.length - 1);
    assert.deepEqual(told(), [0, 1]);
    rmSync(path);
    assert.deepEqual(told(), []);
  });
});
