import { environmentOf } from "./config.ts";
import { nearest } from "./nearest.ts";
import { settings } from "./settings.ts";

/** Read by tests and benchmarks, not by the product. */
const others = new Set([
  "HYBRIDRAG_JUDGED_DATA",
  "HYBRIDRAG_DATA",
  "HYBRIDRAG_FUZZ_REQUESTS",
  "HYBRIDRAG_TEST_MONGODB_URI",
  "HYBRIDRAG_LIVE_MONGODB_URI",
]);

/** What Kubernetes and container links set for a service that is called "hybridrag" or "hybridrag-…". */
const injected = /_SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?$/;

const isOurs = /^hybrid_?rag_/i;

/**
 * One sentence for each variable of the environment that looks like a setting and is none. Its value is never part of
 * it: it may be a secret that was put under a wrong name.
 */
export function misspeltVariables(environment = environmentOf()): readonly string[] {
  const known = Object.values(settings).map(({ env }) => env);
  return Object.keys(environment)
    .filter((name) => isOurs.test(name) && !known.includes(name) && !others.has(name) && !injected.test(name))
    .map(
      (name) =>
        `The environment variable ${name} is no setting and does nothing. Did you mean ${nearest(name, known)}?`,
    )
    .sort();
}
