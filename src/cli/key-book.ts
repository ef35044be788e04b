import { createClient, type Client, type NewKeyRequest, type ShownKey } from "../client/index.ts";
import { loadConfig } from "../config/config.ts";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import { createKey, requirePepper, shownKey } from "../server/api-key.ts";
import { flagsOf, inWorkspace, type CommonOptions, type Workspace } from "./workspace.ts";

export interface KeyOptions extends CommonOptions {
  /** A running service, which is asked instead of the store. */
  readonly server?: string;
}

/** Where keys are made, listed and revoked: the store, or a service that has it open. */
export interface KeyBook {
  create(wanted: NewKeyRequest): Promise<ShownKey & { readonly key: string }>;
  list(): Promise<readonly ShownKey[]>;
  /** False when there is no such key or it is revoked. */
  revoke(keyId: string): Promise<boolean>;
}

export const keyBook = (options: KeyOptions): KeyBook =>
  options.server === undefined ? storeBook(options) : serverBook(serverClient(options.server, options));

function serverClient(url: string, options: KeyOptions): Client {
  const { config } = loadConfig({ flags: flagsOf(options) });
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new HybridRAGError("invalid_input", `--server is the address of a service, not "${url}".`);
  if (config.api_key === undefined)
    throw new HybridRAGError("invalid_config", "--server needs an admin key in HYBRIDRAG_API_KEY.", {
      details: { setting: "HYBRIDRAG_API_KEY" },
    });
  return createClient({ url, apiKey: config.api_key.reveal() });
}

const serverBook = (client: Client): KeyBook => ({
  create: (wanted) => client.createKey(wanted),
  list: () => client.keys(),
  revoke: async (keyId) => {
    try {
      await client.revokeKey(keyId);
      return true;
    } catch (error) {
      if (isHybridRAGError(error) && error.code === "not_found") return false;
      throw error;
    }
  },
});

/** What is done to keys here is as much on record as what is done over HTTP. */
const audit = ({ rag, scope }: Workspace, action: string, target: string): Promise<void> =>
  rag.store.audit.append(scope, {
    at: new Date().toISOString(),
    actor: "command line",
    action,
    target,
    outcome: "done",
    request_id: null,
  });

function storeBook(options: KeyOptions): KeyBook {
  const writing = <T>(run: (workspace: Workspace) => Promise<T>): Promise<T> =>
    inWorkspace({ ...options, access: "write" }, run).catch((error: unknown) => {
      throw isHybridRAGError(error) && error.code === "data_locked" ? serviceHasIt(error) : error;
    });
  return {
    create: (wanted) =>
      writing(async (workspace) => {
        const { rag, scope, config } = workspace;
        const pepper = requirePepper(config.key_pepper ?? null);
        const expires_at = wanted.expires_at ?? null;
        const made = createKey({ ...wanted, expires_at, tenant: scope.tenant }, pepper, new Date());
        await rag.store.keys.put(made.record);
        await audit(workspace, "keys create", made.record.key_id);
        return { ...shownKey(made.record), key: made.key };
      }),
    list: () =>
      inWorkspace({ ...options, access: "read" }, async ({ rag, scope }) =>
        (await rag.store.keys.list(scope)).map((key) => shownKey(key)),
      ),
    revoke: (keyId) =>
      writing(async (workspace) => {
        const done = await workspace.rag.store.keys.revoke(workspace.scope, keyId, new Date().toISOString());
        if (done) await audit(workspace, "keys revoke", keyId);
        return done;
      }),
  };
}

const serviceHasIt = (cause: HybridRAGError): HybridRAGError =>
  new HybridRAGError(
    "data_locked",
    "Another process, such as a running service, has this data folder open, and only one writes. Ask the service " +
      "instead: --server http://127.0.0.1:8080, with an admin key in HYBRIDRAG_API_KEY. Or stop it for a moment; the " +
      "first admin key is made before it starts.",
    { cause, details: cause.details },
  );
