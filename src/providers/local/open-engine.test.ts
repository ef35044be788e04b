import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../../errors.ts";
import { findModel } from "./model-files.ts";
import { openEngine } from "./open-engine.ts";
import type { Runtime } from "./onnx-engine.ts";

const { files } = await findModel({});
const tokens = Int32Array.of(101, 7592, 102);

const absent = (): Runtime => {
  throw new HybridRAGError("provider_failed", "The native library is not here.");
};

/** A runtime whose arithmetic is broken, as on a processor that its kernels were not made for. */
const broken = (): Runtime => ({
  InferenceSession: {
    create: () =>
      Promise.resolve({ run: () => Promise.resolve({ vector: { data: new Float32Array(384).fill(0.05) } }) }),
  },
  Tensor: Object as unknown as Runtime["Tensor"],
});

test("takes the portable engine where the native runtime does not load, and says why", async () => {
  const { engine, reason } = await openEngine(files, "auto", null, absent);
  assert.equal(engine.name, "portable");
  assert.equal(engine.dtype, "fp32");
  assert.match(reason ?? "", /not here/);
  assert.equal((await engine.run(tokens)).length, 384);
});

test("takes the portable engine where the native runtime computes something else", async () => {
  const { engine, reason } = await openEngine(files, "auto", null, broken);
  assert.equal(engine.name, "portable");
  assert.match(reason ?? "", /wrongly/);
});

test("fails where the native runtime was demanded and does not load", async () => {
  await assert.rejects(openEngine(files, "onnx", null, absent), { code: "provider_failed" });
});

test("never takes wrong weights, with any engine", async () => {
  const changed = { ...files, weightsSha256: "0".repeat(64) };
  for (const engine of ["auto", "onnx", "portable"] as const) {
    await assert.rejects(openEngine(changed, engine, null), { code: "invalid_config" });
  }
});
