import { styleText } from "node:util";
import { statusLines } from "./status-lines.ts";

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Terminal {
  /** One JSON document, for programs. */
  json(value: unknown): void;
  /** A line of the answer, for people. */
  line(text?: string): void;
  /** Text without an end of line, for streams. */
  write(text: string): void;
  /** A line beside the answer: hints, warnings, summaries. */
  note(text: string): void;
  /** Replaces the last status on a screen; elsewhere a line tells it now and then. Null: it is over. */
  status(text: string | null): void;
  bold(text: string): string;
  dim(text: string): string;
  readonly interactive: boolean;
}

export function openTerminal(environment: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdout, stderr } = process;
  const interactive = stderr.isTTY === true && environment["CI"] === undefined;
  const colour = stdout.isTTY === true && environment["NO_COLOR"] === undefined;
  let statusShown = false;
  // On a screen, documents must not move the cursor, set its title or hide anything; in a file they stay as they are.
  const out = (text: string) => void stdout.write(stdout.isTTY === true ? withoutControls(text) : text);
  const err = (text: string) => void stderr.write(stderr.isTTY === true ? withoutControls(text) : text);
  const elsewhere = statusLines(err);
  const clear = () => {
    if (statusShown) stderr.write("\r\u001b[2K");
    statusShown = false;
  };
  // A reader that closes early, such as `head`, is no error.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  // Nobody reads the progress any more; the work goes on.
  stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    interactive,
    json: (value) => void stdout.write(`${JSON.stringify(value, null, stdout.isTTY ? 2 : 0)}\n`),
    line: (text = "") => {
      clear();
      out(`${text}\n`);
    },
    write: (text) => {
      clear();
      out(text);
    },
    note: (text) => {
      clear();
      err(`${text}\n`);
    },
    status: (text) => {
      if (!interactive) return elsewhere(text);
      clear();
      if (text === null) return;
      stderr.write(text.slice(0, (stderr.columns ?? 80) - 1));
      statusShown = true;
    },
    bold: (text) => (colour ? styleText("bold", text) : text),
    dim: (text) => (colour ? styleText("dim", text) : text),
  };
}

/** Control characters but line ends, tabs and the marks of bold and dim. */
// oxlint-disable-next-line no-control-regex
const controls = /(\u001b\[\d*m)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export const withoutControls = (text: string): string => text.replaceAll(controls, (_, mark?: string) => mark ?? "");
