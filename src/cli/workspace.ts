import { loadConfig, type Config } from "../config/config.ts";
import type { SettingName } from "../config/settings.ts";
import { HybridRAGError } from "../errors.ts";
import type { HybridRAG } from "../hybridrag.ts";
import { openHybridRAG } from "../open.ts";
import { ownerScope, type Scope } from "../scope.ts";

export interface CommonOptions {
  readonly data?: string;
  readonly tenant?: string;
  readonly json?: boolean;
}

export interface Workspace {
  readonly rag: HybridRAG;
  readonly scope: Scope;
  readonly config: Config;
}

/** Options of the command line as settings; absent ones fall through to the environment. */
export const flagsOf = (options: CommonOptions, more: Partial<Record<SettingName, unknown>> = {}) => ({
  ...(options.data === undefined ? {} : { data_dir: options.data }),
  ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
  ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)),
});

/** Opens what the settings say, runs, and closes, whatever happens. */
export async function inWorkspace<T>(
  options: CommonOptions & {
    readonly access: "read" | "write";
    readonly flags?: Partial<Record<SettingName, unknown>>;
  },
  run: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig({ flags: flagsOf(options, options.flags) });
  const rag = await openHybridRAG(config, { access: options.access });
  try {
    return await run({ rag, config, scope: ownerScope(config.tenant) });
  } finally {
    await rag.close();
  }
}

/** The value of `--filters`. @throws HybridRAGError `invalid_filter` when it is no JSON. */
export function parseFilters(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new HybridRAGError(
      "invalid_filter",
      '--filters is no JSON; an example is \'{"metadata.category": "report"}\'.',
      {
        details: { path: "/filters" },
      },
    );
  }
}
