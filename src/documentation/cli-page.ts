import type { Command } from "commander";
import { buildProgram } from "../cli/main.ts";
import type { Shell } from "../cli/shell.ts";
import type { Terminal } from "../cli/terminal.ts";

const nothing = (): void => undefined;

/** A program that is only read needs no terminal. */
const silent: Terminal = {
  json: nothing,
  line: nothing,
  write: nothing,
  note: nothing,
  status: nothing,
  bold: (text) => text,
  dim: (text) => text,
  interactive: false,
};

/** Every command with its options, as the program itself knows them. */
export function cliPage(made: string): string {
  const shell: Shell = { terminal: silent, signal: new AbortController().signal, exitCode: 0 };
  const program = buildProgram(shell);
  return `${made}

# Command line

Data go to stdout, everything else to stderr. Exit codes: 0 ok, 1 failed, 2 usage, 3 a check failed, 130 interrupted.

${leaves(program, "").map(section).join("\n\n")}
`;
}

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leaves(command: Command, prefix: string): readonly Leaf[] {
  const path = `${prefix} ${command.name()}`.trim();
  return command.commands.length === 0 ? [{ path, command }] : command.commands.flatMap((child) => leaves(child, path));
}

function section({ path, command }: Leaf): string {
  const usage = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}…` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const options = command.options.map(
    (option) =>
      `| \`${option.flags}\` | ${option.description.replaceAll("|", "\\|")}${defaultOf(option.defaultValue)} |`,
  );
  const table = options.length === 0 ? "" : `\n\n| option | |\n| --- | --- |\n${options.join("\n")}`;
  return `## ${[path, ...usage].join(" ")}\n\n${sentence(command.description())}${table}`;
}

const defaultOf = (value: unknown): string => (value === undefined ? "" : ` (default: ${String(value)})`);

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
