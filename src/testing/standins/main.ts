/**
 * `npm run standins -- voyage anthropic …`: starts the stand-ins named, prints one line of JSON with the environment
 * settings when all are ready, and ends with its parent.
 */
import { messageOf } from "../../errors.ts";
import { lineage } from "./lineage.ts";
import { readCommand, startAll } from "./run.ts";

try {
  const running = await startAll(readCommand(process.argv.slice(2)));
  const stop = (): void => void running.close().finally(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const parents = lineage().join(" ");
  setInterval(() => {
    if (lineage().join(" ") !== parents) stop();
  }, 500).unref();
  process.stdout.write(`${JSON.stringify(running.environment)}\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
