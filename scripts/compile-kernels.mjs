// Compiles the vector kernels: `node scripts/compile-kernels.mjs` writes kernels.ts beside kernels.wat.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import wabt from "wabt";

const folder = new URL("../src/stores/embedded/vector/", import.meta.url);
const features = { simd: true, threads: true, multi_memory: true };

/** The kernels in base64. */
export async function compileKernels() {
  const { parseWat } = await wabt();
  const module = parseWat("kernels.wat", readFileSync(new URL("kernels.wat", folder), "utf8"), features);
  module.validate(features);
  return Buffer.from(module.toBinary({}).buffer).toString("base64");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = (await compileKernels()).match(/.{1,110}/g);
  writeFileSync(
    new URL("kernels.ts", folder),
    `/** kernels.wat, compiled by scripts/compile-kernels.mjs, in base64. */\nexport const kernels =\n  ${lines
      .map((line) => `"${line}"`)
      .join(" +\n  ")};\n`,
  );
}
