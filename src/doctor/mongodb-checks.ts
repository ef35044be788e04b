import type { Config } from "../config/config.ts";
import { isHybridRAGError } from "../errors.ts";
import type { MongoStore } from "../stores/mongodb/index.ts";
import { shared } from "./shared.ts";
import { type Check, type Finding, failed, ok, unknown, warning } from "./check.ts";

/** The guide's lines on clusters, indexes, connections and users. `store` connects at the first call. */
export function mongodbChecks(config: Config, store: () => Promise<MongoStore>): readonly Check[] {
  // Trial pipelines and privileges are asked for once, whoever speaks of them.
  const connection = shared(async () => (await store()).diagnose.connection());
  const access = shared(async () => (await store()).diagnose.access());
  return [
    { id: "store.cluster", area: "store", run: async () => clusterFinding(await connection()) },
    { id: "store.search", area: "store", run: async () => searchFinding(await connection()) },
    ...["vector_knn_index", "default"].map((name): Check => ({
      id: `indexes.${name}`,
      area: "indexes",
      run: async () => indexFinding(await store(), name),
    })),
    { id: "indexes.supporting", area: "indexes", run: async () => supportingFinding(await store()) },
    {
      id: "configuration.connections",
      area: "configuration",
      run: async () => connectionFinding(await access(), config),
    },
    { id: "security.tls", area: "security", run: async () => tlsFinding(await access()) },
    { id: "security.rights", area: "security", run: async () => rightsFinding(await access()) },
  ];
}

type Connection = Awaited<ReturnType<MongoStore["diagnose"]["connection"]>>;
type Access = Awaited<ReturnType<MongoStore["diagnose"]["access"]>>;

function clusterFinding({ version, servers, milliseconds }: Connection): Finding {
  const message = `MongoDB ${version}, ${servers.length || 1} servers, a ping takes ${milliseconds.toFixed(1)} ms.`;
  if (servers.length === 1) return warning(message, "One server fails alone; production needs three (a replica set).");
  if (milliseconds > 20)
    return warning(message, "Run the service in the cluster's region: every search pays this twice.");
  return ok(message);
}

function searchFinding({ capabilities }: Connection): Finding {
  const words = Object.entries(capabilities).map(([name, has]) => `${name} ${has ? "yes" : "no"}`);
  const message = `Found by trial: ${words.join(", ")}.`;
  if (capabilities.search) return ok(message);
  return failed(message, "Use Atlas, or MongoDB 8.2 or newer with mongot: see docs/mongodb.md.");
}

async function indexFinding({ indexes, generations }: MongoStore, name: string): Promise<Finding> {
  // Vectors made anew have an index of their own, numbered behind the guide's name.
  const found = (await indexes.status()).find(({ index }) => index === name || index.startsWith(`${name}_`));
  if (found === undefined) return warning(`${name} is not asked for by the settings.`, "hybridrag indexes plan");
  const { words, isCurrent, queryable, status } = found;
  if (status !== "READY" || !queryable)
    return failed(`${words}.`, "hybridrag indexes apply, then hybridrag indexes wait");
  const missing = name === "default" ? 0 : await generations.missing();
  if (missing > 0)
    return warning(`${words}, but ${missing} passages have no vector in it.`, "hybridrag indexes reembed");
  return isCurrent
    ? ok(`${words} and as the settings ask.`)
    : failed(`${words}, but not as the settings ask.`, "hybridrag indexes plan, then apply");
}

async function supportingFinding({ indexes }: MongoStore): Promise<Finding> {
  const steps = await indexes.plan().catch((error: unknown) => {
    if (isHybridRAGError(error) && error.code === "store_rights") return null;
    throw error;
  });
  if (steps === null)
    return unknown("This user may not list indexes, and need not.", "hybridrag doctor, as the operator's user");
  // The search indexes have lines of their own.
  const open = steps.filter(({ action }) => !["keep", "wait", "reembed", "limit"].includes(action));
  if (open.length === 0) return ok("All indexes, views and validators are there.");
  return failed(`Missing: ${open.map(({ words }) => words).join("; ")}.`, "hybridrag indexes apply");
}

function connectionFinding({ pool, retries, milliseconds }: Access, { max_in_flight: requests }: Config): Finding {
  const retry = retries.reads && retries.writes ? "reads and writes are tried again" : "not all calls are tried again";
  const message =
    `A pool of ${pool.least} to ${pool.most} connections for up to ${requests} requests at once; a call may take ` +
    `${milliseconds.call} ms, connecting ${milliseconds.connect} ms; ${retry}.`;
  if (!retries.reads || !retries.writes) return failed(message, "Take retryReads and retryWrites out of MONGODB_URI.");
  // A search has two commands under way; those that find no connection wait their turn.
  return pool.most * 4 < requests
    ? warning(message, "Raise MONGODB_MAX_POOL_SIZE or lower HYBRIDRAG_MAX_IN_FLIGHT.")
    : ok(message);
}

function tlsFinding({ tls }: Access): Finding {
  if (tls) return ok("The connection is encrypted.");
  return failed("The connection is not encrypted.", "Use a mongodb+srv URI, or add tls=true to MONGODB_URI.");
}

function rightsFinding({ user, excess }: Access): Finding {
  if (user === null) return failed("The cluster asks for no credentials.", "Turn access control on and make a user.");
  if (excess.length === 0) return ok(`The user ${user} may do no more than the work needs.`);
  return warning(
    `The user ${user} may do more than the work needs: ${excess.join("; ")}.`,
    "hybridrag indexes roles prints the least that works.",
  );
}
