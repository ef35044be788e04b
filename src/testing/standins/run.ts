import { type RunningStandin, type StandinFlags, standins } from "./registry.ts";

export interface StandinCommand {
  readonly names: readonly string[];
  readonly flags: StandinFlags;
}

/** Splits `mongodb --profile atlas --members 3 voyage` into names and flags. */
export function readCommand(words: readonly string[]): StandinCommand {
  const names: string[] = [];
  const flags: Record<string, string> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (!word.startsWith("--")) names.push(word);
    else if (word.includes("=")) flags[word.slice(2, word.indexOf("="))] = word.slice(word.indexOf("=") + 1);
    else flags[word.slice(2)] = words[++i] ?? "";
  }
  return { names, flags };
}

/** Starts all or none. */
export async function startAll({ names, flags }: StandinCommand): Promise<RunningStandin> {
  const unknown = names.filter((name) => !Object.hasOwn(standins, name));
  if (names.length === 0 || unknown.length > 0)
    throw new Error(
      `Name one or more of: ${Object.keys(standins).join(", ")}.${unknown.length > 0 ? ` Unknown: ${unknown.join(", ")}.` : ""}`,
    );
  const running: RunningStandin[] = [];
  const close = async (): Promise<void> => void (await Promise.all(running.map((one) => one.close())));
  try {
    for (const name of names) {
      const start = standins[name];
      if (start !== undefined) running.push(await start(flags));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { environment: Object.assign({}, ...running.map((one) => one.environment)), close };
}
