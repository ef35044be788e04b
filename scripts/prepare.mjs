// Builds after `npm ci` in a checkout, so that `npx hybridrag` works at once. Where the tools were left out
// (`--omit=dev`) there is nothing to build with, and what was built before stays.
import { execSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync(new URL("../node_modules/typescript", import.meta.url))) {
  execSync("npm run --silent build", { stdio: "inherit", cwd: new URL("..", import.meta.url) });
}
