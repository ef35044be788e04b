import type { Command } from "commander";
import { loadConfig } from "../../config/config.ts";
import type { CheckState } from "../../doctor/check.ts";
import { checklist } from "../../doctor/checklist.ts";
import { examine, type Examined } from "../../doctor/examine.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

interface DoctorOptions extends CommonOptions {
  readonly url?: string;
  readonly calls: boolean;
}

const checkFailed = 3;
const marks: Readonly<Record<CheckState, string>> = { ok: "ok", warning: "warn", failed: "FAIL", unknown: "?" };
const checkMs = 15_000;

export function addDoctor(program: Command, shell: Shell): void {
  const { terminal } = shell;
  withCommonOptions(program.command("doctor"))
    .description("the production checklist, looked through; changes nothing; exit 3 when a check fails")
    .option("--url <url>", "a running service to ask whether it is alive and ready")
    .option("--no-calls", "call no paid model (each is called once, with a few tokens)")
    .action(async (options: DoctorOptions) => {
      const { config } = loadConfig({ flags: flagsOf(options) });
      const list = checklist(config, { url: options.url ?? null, calls: options.calls, fetch: globalThis.fetch });
      const found: Examined[] = [];
      try {
        for await (const one of examine(list.checks, { timeoutMs: checkMs, signal: shell.signal })) {
          found.push(one);
          if (!options.json) print(one, shell);
        }
      } finally {
        await list.close();
      }
      const counts = countStates(found);
      if (options.json) terminal.json({ ok: counts.failed === 0, counts, checks: found });
      else
        terminal.note(
          `${counts.ok} ok, ${counts.warning} warnings, ${counts.failed} failed, ${counts.unknown} not seen from here`,
        );
      if (counts.failed > 0) shell.exitCode = checkFailed;
    });
}

function print({ id, state, message, remedy }: Examined, { terminal }: Shell): void {
  terminal.line(`${marks[state].padEnd(4)}  ${id.padEnd(25)}  ${message}`);
  if (remedy !== undefined) terminal.line(`${" ".repeat(33)}${terminal.dim(`→ ${remedy}`)}`);
}

function countStates(found: readonly Examined[]): Readonly<Record<CheckState, number>> {
  const count = (state: CheckState) => found.filter((one) => one.state === state).length;
  return { ok: count("ok"), warning: count("warning"), failed: count("failed"), unknown: count("unknown") };
}
