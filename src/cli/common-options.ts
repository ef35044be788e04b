import type { Command } from "commander";

/** Options that every command knows, on the command itself so that they may stand anywhere behind its name. */
export const withCommonOptions = (command: Command): Command =>
  command
    .option("--data <folder>", "folder of the embedded engine (default: .hybridrag)")
    .option("--tenant <name>", "whose documents (default: default)")
    .option("--json", "one JSON document on stdout");
