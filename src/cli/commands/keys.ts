import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import type { KeyScope } from "../../ports/key-store.ts";
import { withCommonOptions } from "../common-options.ts";
import { keyBook, type KeyOptions } from "../key-book.ts";
import type { Shell } from "../shell.ts";

interface CreateOptions extends KeyOptions {
  readonly name: string;
  readonly scopes: string;
  readonly principals?: string;
  readonly days?: number;
}

export function addKeys(program: Command, shell: Shell): void {
  const keys = program.command("keys").description("API keys of the service");
  addCreate(keys, shell);
  addList(keys, shell);
  addRevoke(keys, shell);
}

const dayMs = 24 * 60 * 60 * 1000;
const known: readonly KeyScope[] = ["query", "ingest", "admin"];

const withKeyOptions = (command: Command): Command =>
  withCommonOptions(command).option(
    "--server <url>",
    "a running service to ask, with an admin key in HYBRIDRAG_API_KEY; default: the store itself",
  );

const listOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");

function scopesOf(text: string): readonly KeyScope[] {
  const wanted = listOf(text);
  const stranger = wanted.find((name) => !known.some((scope) => scope === name));
  if (stranger === undefined && wanted.length > 0) return known.filter((scope) => wanted.includes(scope));
  throw new HybridRAGError("invalid_input", `--scopes is a list of ${known.join(", ")}, not "${text}".`, {
    details: { path: "/scopes" },
  });
}

function expiryOf(days: number | undefined): string | null {
  if (days === undefined) return null;
  if (days > 0) return new Date(Date.now() + days * dayMs).toISOString();
  throw new HybridRAGError("invalid_input", "--days is a number above 0.", { details: { path: "/days" } });
}

function addCreate(keys: Command, { terminal }: Shell): void {
  withKeyOptions(keys.command("create"))
    .description("make a key of the tenant; it is shown this once")
    .requiredOption("--name <name>", "whose key it is, for the list")
    .option("--scopes <list>", "query, ingest, admin, by commas", "query")
    .option("--principals <list>", "names that access lists may have; default: reads everything of the tenant")
    .option("--days <number>", "days until it expires; default: never", Number)
    .action(async (options: CreateOptions) => {
      const { name } = options;
      const scopes = scopesOf(options.scopes);
      const expires_at = expiryOf(options.days);
      const principals: readonly string[] | "all" =
        options.principals === undefined ? "all" : listOf(options.principals);
      const made = await keyBook(options).create({ name, scopes, principals, expires_at });
      if (options.json) return terminal.json(made);
      terminal.line(made.key);
      terminal.note("Keep it now: only its hash is stored. Send it as: Authorization: Bearer KEY");
    });
}

function addList(keys: Command, { terminal }: Shell): void {
  withKeyOptions(keys.command("list"))
    .description("keys of the tenant, without their secrets")
    .action(async (options: KeyOptions) => {
      const found = await keyBook(options).list();
      if (options.json) return terminal.json({ keys: found });
      for (const key of found) {
        const state = key.revoked_at === null ? `expires ${key.expires_at ?? "never"}` : `revoked ${key.revoked_at}`;
        terminal.line(`${key.key_id}  ${terminal.bold(key.name)}  ${key.scopes.join(", ")}  ${state}`);
      }
      if (found.length === 0) terminal.note("No keys yet. hybridrag keys create --name NAME makes one.");
    });
}

function addRevoke(keys: Command, { terminal }: Shell): void {
  withKeyOptions(keys.command("revoke <key_id>"))
    .description("end a key at once")
    .action(async (keyId: string, options: KeyOptions) => {
      const revoked = await keyBook(options).revoke(keyId);
      if (!revoked) throw new HybridRAGError("not_found", `There is no key ${keyId}, or it is revoked.`);
      if (options.json) terminal.json({ revoked: keyId });
      else terminal.line(`Revoked ${keyId}.`);
    });
}
