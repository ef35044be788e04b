import assert from "node:assert/strict";
import { test } from "node:test";
import { misspeltVariables } from "./misspelt.ts";
import { settings } from "./settings.ts";

test("a variable that looks like a setting and is none is named beside the nearest one, without its value", () => {
  assert.deepEqual(misspeltVariables({ HYBRIDRAG_EMBEDER: "secret-value", PATH: "/bin" }), [
    "The environment variable HYBRIDRAG_EMBEDER is no setting and does nothing. Did you mean HYBRIDRAG_EMBEDDER?",
  ]);
  assert.match(misspeltVariables({ HYBRID_RAG_TOP_K: "3" })[0] ?? "", /Did you mean HYBRIDRAG_TOP_K\?$/);
  assert.match(misspeltVariables({ hybridrag_mode: "text" })[0] ?? "", /Did you mean HYBRIDRAG_MODE\?$/);
});

test("every setting, what tests read and what Kubernetes injects passes", () => {
  const names = [
    ...Object.values(settings).map(({ env }) => env),
    "HYBRIDRAG_JUDGED_DATA",
    "HYBRIDRAG_TEST_MONGODB_URI",
    "HYBRIDRAG_SERVICE_HOST",
    "HYBRIDRAG_SERVICE_PORT",
    "HYBRIDRAG_SERVICE_PORT_HTTP",
    "HYBRIDRAG_PORT_8080_TCP",
    "HYBRIDRAG_PORT_8080_TCP_ADDR",
    "HYBRIDRAG_METRICS_SERVICE_HOST",
    "HYBRIDRAGS",
    "MY_HYBRIDRAG_MODE",
  ];
  assert.deepEqual(misspeltVariables(Object.fromEntries(names.map((name) => [name, "x"]))), []);
});
