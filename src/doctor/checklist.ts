import type { Config } from "../config/config.ts";
import { openUsedModels } from "../open.ts";
import { engineOf, openMongo, openStore } from "../open-store.ts";
import { openSecrets } from "../open-secrets.ts";
import type { Store } from "../ports/store.ts";
import { byHand } from "./by-hand.ts";
import type { Check } from "./check.ts";
import { machineChecks } from "./machine-checks.ts";
import { modelChecks } from "./model-checks.ts";
import { mongodbChecks } from "./mongodb-checks.ts";
import { serviceChecks } from "./service-checks.ts";
import { shared } from "./shared.ts";
import { storeChecks } from "./store-checks.ts";

export interface ChecklistOptions {
  readonly url: string | null;
  readonly calls: boolean;
  readonly fetch: typeof globalThis.fetch;
}

export interface Checklist {
  readonly checks: readonly Check[];
  close(): Promise<void>;
}

/** Every line of the production checklist that the settings call for. Nothing is opened before a check asks for it. */
export function checklist(config: Config, { url, calls, fetch }: ChecklistOptions): Checklist {
  const isMongo = engineOf(config) === "mongodb";
  const mongo = shared(() => openMongo(config, { manageIndexes: false }));
  const store = isMongo ? mongo : shared<Store>(() => openStore(config, "read"));
  const used = shared(() => openUsedModels(config));
  return {
    checks: [
      ...machineChecks(config),
      ...storeChecks(config, store),
      ...(isMongo ? mongodbChecks(config, mongo) : []),
      ...modelChecks({
        config,
        secrets: openSecrets(config, fetch),
        models: async () => (await used()).models,
        embedder: async () => (await used()).embedder,
        calls,
      }),
      ...serviceChecks({ config, url, fetch }),
      ...byHand,
    ],
    close: async () => {
      const opened = await Promise.all([store.opened(), used.opened()]);
      await Promise.all([opened[0]?.close(), opened[1]?.embedder?.close()]);
    },
  };
}
