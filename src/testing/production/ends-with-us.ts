import type { ChildProcess } from "node:child_process";

/** A child that does not outlive this process, however it ends short of a SIGKILL or an unhandled signal. */
export function endsWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}
