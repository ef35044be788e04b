#!/usr/bin/env node
// Written and not built, so that npx finds it, and may run it, before and after every build.
import { existsSync } from "node:fs";

const program = new URL("../dist/cli/bin.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write("HybridRAG is not built yet: run `npm run build`, then this again.\n");
  process.exitCode = 1;
}
