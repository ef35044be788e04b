import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { z } from "zod";
import { HybridRAGError, messageOf } from "../errors.ts";
import { Secret } from "../secret.ts";
import { nearest } from "./nearest.ts";
import { settings, type Setting, type SettingName } from "./settings.ts";

type Settings = typeof settings;

/** All settings, checked. Secrets are wrapped, so that a printed configuration shows none. */
export type Config = {
  readonly [K in SettingName]: Settings[K] extends { readonly secret: true }
    ? Secret | undefined
    : z.output<Settings[K]["schema"]>;
};

export type Origin = "flag" | "environment" | "file" | "default";

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** The file that was read, if there was one. */
  readonly file: string | null;
}

/** The environment, for what is no setting: colour and CI conventions of terminals. */
export const environmentOf = (): Readonly<Record<string, string | undefined>> => process.env;

/** What of the environment a process needs that only calls others: the way through proxies, and whom to trust. */
export function networkEnvironment(): Readonly<Record<string, string>> {
  const { NODE_OPTIONS: options = "", ...rest } = environmentOf();
  const isNamed = ([name, value]: [string, string | undefined]): boolean => value !== undefined && network.test(name);
  const chosen = options.split(/\s+/).filter((option) => networkOption.test(option));
  return {
    ...(Object.fromEntries(Object.entries(rest).filter(isNamed)) as Record<string, string>),
    NODE_OPTIONS: chosen.join(" "),
  };
}

const network = /^(?:\w+_PROXY|NODE_(?:EXTRA_CA_CERTS|USE_\w+|TLS_\w+)|SSL_CERT_\w+|PATH|SYSTEMROOT)$/i;
/** Of Node's own, written as --name or --name=value. */
const networkOption = /^--(?:use|tls|dns)-/;

export interface ConfigSources {
  /** From the command line or a program: the strongest. */
  readonly flags?: Partial<Record<SettingName, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where `hybridrag.config.json` is looked for. */
  readonly directory?: string;
}

/**
 * Reads the settings: flags over environment over `hybridrag.config.json` over defaults.
 * @throws HybridRAGError `invalid_config` that names the setting, where it came from, and what is expected.
 */
export function loadConfig(sources: ConfigSources = {}): LoadedConfig {
  const environment = sources.environment ?? environmentOf();
  const { file, values } = readConfigFile(resolve(sources.directory ?? ".", "hybridrag.config.json"));
  const config: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting][]) {
    const [origin, raw] = pick(name, setting, sources.flags ?? {}, environment, values);
    origins[name] = origin;
    const value = check(name, setting, origin, raw, file);
    config[name] = setting.secret && typeof value === "string" ? new Secret(value) : value;
  }
  return { config: config as Config, origins: origins as Record<SettingName, Origin>, file };
}

function pick(
  name: SettingName,
  setting: Setting,
  flags: Partial<Record<SettingName, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, unknown>>,
): readonly [Origin, unknown] {
  if (flags[name] !== undefined) return ["flag", flags[name]];
  const fromEnvironment = environment[setting.env];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return ["environment", fromEnvironment];
  if (file[name] !== undefined) return ["file", file[name]];
  return ["default", undefined];
}

function check(name: string, setting: Setting, origin: Origin, raw: unknown, file: string | null): unknown {
  const result = setting.schema.safeParse(raw);
  if (result.success) return result.data;
  const place = { flag: `the option for ${name}`, environment: setting.env, file: `${name} in ${file}`, default: name }[
    origin
  ];
  const shown = setting.secret ? "" : `, not ${JSON.stringify(raw)}`;
  throw new HybridRAGError(
    "invalid_config",
    `The setting ${place} is wrong${shown}: ${result.error.issues[0]?.message}. It is: ${setting.about}`,
    { details: { setting: name, environment: setting.env } },
  );
}

function readConfigFile(path: string): {
  readonly file: string | null;
  readonly values: Readonly<Record<string, unknown>>;
} {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { file: null, values: {} };
  }
  const values = parseConfigFile(path, text);
  for (const key of Object.keys(values)) {
    if (Object.hasOwn(settings, key)) continue;
    throw new HybridRAGError(
      "invalid_config",
      `${path} holds "${key}", which is no setting. Did you mean "${nearest(key, Object.keys(settings))}"?`,
      {
        details: { setting: key },
      },
    );
  }
  return { file: path, values };
}

function parseConfigFile(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new HybridRAGError("invalid_config", `${path} is not JSON: ${messageOf(error)}`);
  }
  throw new HybridRAGError("invalid_config", `${path} must hold one JSON object of settings.`);
}

/** One line of `hybridrag config`. */
export interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
  readonly environment: string;
  readonly about: string;
}

/** Every setting with its value and where it came from; secrets masked. */
export function showConfig({ config, origins }: LoadedConfig): readonly ShownSetting[] {
  return (Object.keys(settings) as SettingName[]).map((name) => {
    const value: unknown = config[name];
    const shown = value instanceof Secret ? value.masked() : (value ?? null);
    return { name, value: shown, origin: origins[name], environment: settings[name].env, about: settings[name].about };
  });
}
