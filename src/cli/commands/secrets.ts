import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { loadConfig, type Config } from "../../config/config.ts";
import { HybridRAGError } from "../../errors.ts";
import { openSecretFile, openSecrets } from "../../open-secrets.ts";
import { Secret } from "../../secret.ts";
import { newFernetKey } from "../../secrets/index.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

/** The keys that HybridRAG itself asks for. */
const ownNames = ["VOYAGE_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"];

const configOf = (options: CommonOptions): Config => loadConfig({ flags: flagsOf(options) }).config;

export function addSecrets(program: Command, shell: Shell): void {
  const secrets = program
    .command("secrets")
    .description("keys in the environment, a secret manager or the encrypted file");
  addList(secrets, shell);
  addGet(secrets, shell);
  addSet(secrets, shell);
  addDelete(secrets, shell);
  addRotate(secrets, shell);
}

function addList(secrets: Command, { terminal, signal }: Shell): void {
  withCommonOptions(secrets.command("list"))
    .description("which keys are found, where, masked")
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const stored = config.encryption_key === undefined ? [] : await openSecretFile(config).list();
      const chain = openSecrets(config, globalThis.fetch);
      const found = [];
      for (const name of new Set([...ownNames, ...stored])) {
        const secret = await chain.get(name, signal);
        found.push({ name, origin: await chain.origin(name, signal), value: secret?.masked() ?? null });
      }
      if (options.json) return terminal.json({ secrets: found });
      for (const { name, origin, value } of found)
        terminal.line(`${name.padEnd(20)}  ${value ?? "–"}  ${origin ?? "not found"}`);
    });
}

function addGet(secrets: Command, { terminal, signal }: Shell): void {
  withCommonOptions(secrets.command("get <name>"))
    .description("one key, masked")
    .option("--reveal", "print it whole, for another program to read")
    .action(async (name: string, options: CommonOptions & { readonly reveal?: boolean }) => {
      const chain = openSecrets(configOf(options), globalThis.fetch);
      const secret = await chain.get(name, signal);
      if (secret === null) throw new HybridRAGError("not_found", `No place that is set up has a secret named ${name}.`);
      const value = options.reveal ? secret.reveal() : secret.masked();
      if (options.json) terminal.json({ name, origin: await chain.origin(name, signal), value });
      else terminal.line(value);
    });
}

function addSet(secrets: Command, { terminal }: Shell): void {
  withCommonOptions(secrets.command("set <name>"))
    .description("store a key in the encrypted file; it is read from standard input, so that no shell remembers it")
    .action(async (name: string, options: CommonOptions) => {
      const file = openSecretFile(configOf(options));
      if (!/^[A-Z][A-Z0-9_]{0,99}$/.test(name))
        throw new HybridRAGError("invalid_input", "A secret is named like a setting: capital letters, digits and _.");
      if (process.stdin.isTTY) terminal.note(`Type the value of ${name}, then Enter and Ctrl-D.`);
      const value = new Secret((await text(process.stdin)).trim());
      if (value.reveal() === "")
        throw new HybridRAGError("invalid_input", "Standard input held no value; nothing was stored.");
      await file.set(name, value);
      if (options.json) terminal.json({ name, stored: true, value: value.masked() });
      else terminal.line(`${name} is stored: ${value.masked()}`);
    });
}

function addDelete(secrets: Command, { terminal }: Shell): void {
  withCommonOptions(secrets.command("delete <name>"))
    .description("remove a key from the encrypted file")
    .action(async (name: string, options: CommonOptions) => {
      const deleted = await openSecretFile(configOf(options)).delete(name);
      if (!deleted) throw new HybridRAGError("not_found", `The encrypted file has no secret named ${name}.`);
      if (options.json) terminal.json({ name, deleted });
      else terminal.line(`${name} is removed.`);
    });
}

function addRotate(secrets: Command, { terminal }: Shell): void {
  withCommonOptions(secrets.command("rotate"))
    .description("write the encrypted file under a new ENCRYPTION_KEY, which is printed once")
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const key = newFernetKey();
      const rotates = config.encryption_key !== undefined;
      // Shown before it is used: a run that is killed in between must not take the only key with it.
      if (options.json) terminal.json({ encryption_key: key, rotates });
      else terminal.line(key);
      // Without a key yet there is no file either: this makes the first one.
      if (rotates) await openSecretFile(config).rotate(new Secret(key));
      terminal.note("Keep this as ENCRYPTION_KEY; it is not stored anywhere else.");
    });
}
