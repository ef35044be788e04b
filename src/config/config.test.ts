import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { isHybridRAGError } from "../errors.ts";
import { loadConfig, showConfig } from "./config.ts";

const base = mkdtempSync(join(tmpdir(), "hybridrag-config-"));
after(() => rmSync(base, { recursive: true }));

const folder = (file?: unknown): string => {
  const directory = mkdtempSync(join(base, "folder-"));
  if (file !== undefined) {
    writeFileSync(join(directory, "hybridrag.config.json"), typeof file === "string" ? file : JSON.stringify(file));
  }
  return directory;
};

const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.ok(isHybridRAGError(error));
    assert.equal(error.code, "invalid_config");
    return error.message;
  }
  return assert.fail("nothing was thrown");
};

test("a flag wins over the environment, the environment over the file, the file over the default", () => {
  const directory = folder({ top_k: 3, tenant: "file", mode: "text" });
  const environment = { HYBRIDRAG_TENANT: "environment", HYBRIDRAG_MODE: "vector" };
  const { config, origins } = loadConfig({ directory, environment, flags: { mode: "hybrid" } });
  assert.deepEqual([config.mode, config.tenant, config.top_k, config.fusion], ["hybrid", "environment", 3, "z"]);
  assert.deepEqual(
    [origins.mode, origins.tenant, origins.top_k, origins.fusion],
    ["flag", "environment", "file", "default"],
  );
});

test("a wrong value names the variable and what is expected", () => {
  const message = failure(() => loadConfig({ directory: folder(), environment: { HYBRIDRAG_TOP_K: "many" } }));
  assert.match(message, /HYBRIDRAG_TOP_K.*many/);
});

test("an unknown name in the file is refused with the nearest known one", () => {
  const message = failure(() => loadConfig({ directory: folder({ text_wieght: 1 }), environment: {} }));
  assert.match(message, /text_weight/);
});

test("a file that is not JSON is an error that names the file", () => {
  assert.match(
    failure(() => loadConfig({ directory: folder("{"), environment: {} })),
    /hybridrag\.config\.json/,
  );
});

test("a secret is never part of what is shown, printed or refused", () => {
  const environment = { VOYAGE_API_KEY: "pa-0123456789abcdefghijkl", MONGODB_URI: "mongodb://a:hunter2@h/" };
  const loaded = loadConfig({ directory: folder(), environment });
  const shown = JSON.stringify(showConfig(loaded)) + inspect(loaded, { depth: 9 }) + JSON.stringify(loaded);
  assert.ok(!shown.includes("0123456789ab") && !shown.includes("hunter2"));
  assert.equal(loaded.config.voyage_api_key?.reveal(), environment.VOYAGE_API_KEY);
});
