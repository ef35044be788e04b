import { Command, CommanderError } from "commander";
import { errorCatalogue, isHybridRAGError } from "../errors.ts";
import { redact } from "../redact.ts";
import { addAsk } from "./commands/ask.ts";
import { addChat } from "./commands/chat.ts";
import { addConfig } from "./commands/config.ts";
import { addDocuments } from "./commands/documents.ts";
import { addEval } from "./commands/eval.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExport } from "./commands/export.ts";
import { addImport } from "./commands/import.ts";
import { addDiagnose } from "./commands/diagnose.ts";
import { addIndexes } from "./commands/indexes.ts";
import { addGraph } from "./commands/graph.ts";
import { addIngest } from "./commands/ingest.ts";
import { addKeys } from "./commands/keys.ts";
import { addLoadtest } from "./commands/loadtest.ts";
import { addMemory } from "./commands/memory.ts";
import { addServe } from "./commands/serve.ts";
import { addSearch } from "./commands/search.ts";
import { addSecrets } from "./commands/secrets.ts";
import { addSessions } from "./commands/sessions.ts";
import { environmentOf } from "../config/config.ts";
import { misspeltVariables } from "../config/misspelt.ts";
import type { Shell } from "./shell.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { packageVersion } from "./version.ts";

const interrupted = 130;
const usage = 2;

/** Runs one command line. @returns the exit code: 0 ok, 1 failed, 2 usage, 3 a check failed, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const shell: Shell = { terminal: openTerminal(environmentOf()), signal: stop.signal, exitCode: 0 };
  const onInterrupt = (): void => {
    if (stop.signal.aborted) process.exit(interrupted);
    stop.abort(new DOMException("Interrupted.", "AbortError"));
  };
  process.on("SIGINT", onInterrupt);
  // The service says it in its log.
  if (args[0] !== "serve") for (const sentence of misspeltVariables()) shell.terminal.note(sentence);
  try {
    await buildProgram(shell).parseAsync([...args], { from: "user" });
    return stop.signal.aborted ? interrupted : shell.exitCode;
  } catch (error) {
    return stop.signal.aborted ? interrupted : failureCode(error, args.includes("--json"), shell.terminal);
  } finally {
    process.off("SIGINT", onInterrupt);
    shell.terminal.status(null);
  }
}

/** The whole command line; `docs/cli.md` is made from it. */
export function buildProgram(shell: Shell): Command {
  const program = new Command("hybridrag")
    .description("Ask questions of your own documents; every citation is checked against its source.")
    .version(packageVersion())
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .showHelpAfterError("(--help shows how to use it)");
  for (const add of [
    addIngest,
    addSearch,
    addAsk,
    addChat,
    addDocuments,
    addGraph,
    addSessions,
    addMemory,
    addServe,
    addKeys,
    addLoadtest,
    addEval,
    addConfig,
    addSecrets,
    addIndexes,
    addDoctor,
    addDiagnose,
    addExport,
    addImport,
  ])
    add(program, shell);
  return program;
}

function failureCode(error: unknown, json: boolean, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage;
  if (isHybridRAGError(error)) {
    const message = redact(error.message);
    terminal.note(json ? JSON.stringify({ error: { ...error.toJSON(), message } }) : `hybridrag: ${message}`);
    return errorCatalogue[error.code].exit;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.note(`hybridrag: an unexpected error; please report it.\n${redact(text)}`);
  return 1;
}
