/** `npm run docs`: writes the pages that are made from code. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { generatedPages } from "./pages.ts";

for (const [path, content] of await generatedPages()) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
