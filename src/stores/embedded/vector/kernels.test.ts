import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { kernels } from "./kernels.ts";

test("the committed kernels are their source, compiled", async (t) => {
  const script = new URL("../../../../scripts/compile-kernels.mjs", import.meta.url);
  if (!existsSync(script)) return t.skip("the compiler script is not part of the package");
  const { compileKernels } = (await import(script.href)) as { compileKernels(): Promise<string> };
  assert.equal(kernels, await compileKernels());
});
