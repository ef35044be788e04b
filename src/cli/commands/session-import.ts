import type { Command } from "commander";
import { z } from "zod";
import { HybridRAGError, messageOf } from "../../errors.ts";
import { readLines } from "../../evaluate/read-lines.ts";
import { sessionIdPattern } from "../../ports/session-store.ts";
import type { Metadata, MetadataValue } from "../../records.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { inWorkspace, type CommonOptions } from "../workspace.ts";

const line = z.strictObject({
  role: z.enum(["user", "assistant", "system"]).default("user"),
  content: z.string().min(1),
  metadata: z
    .record(z.string(), z.json())
    .default({})
    .transform((metadata): Metadata => metadata as Readonly<Record<string, MetadataValue>>),
});

type Line = z.output<typeof line>;

const messagesAtOnce = 100;
const dayMs = 24 * 3_600_000;

export function addSessionImport(sessions: Command, { terminal, signal }: Shell): void {
  withCommonOptions(sessions.command("import <id> <file>"))
    .description("append the messages of a JSON Lines file: content, and role and metadata where there are any")
    .action(async (id: string, file: string, options: CommonOptions) => {
      if (!sessionIdPattern.test(id))
        throw invalid("/session_id", "The id of a conversation is 1 to 100 letters, digits, _ and -.");
      const messages = await readMessages(file);
      const total = await inWorkspace({ ...options, access: "write" }, async ({ rag, scope, config }) => {
        const ttlMs = config.session_ttl_days * dayMs;
        await rag.sessions.open(scope, { sessionId: id, ttlMs }, { signal });
        for (let start = 0; start < messages.length; start += messagesAtOnce)
          await rag.sessions.append(scope, id, messages.slice(start, start + messagesAtOnce), { signal, ttlMs });
        await rag.turns.prepare(scope, id, { signal });
        return (await rag.sessions.get(scope, id, { signal }))?.messages ?? 0;
      });
      if (options.json) terminal.json({ session_id: id, imported: messages.length, messages: total });
      else terminal.line(`Appended ${messages.length} messages to ${id}: it has ${total}.`);
    });
}

/** All of them before any is written: a fault in the last line leaves nothing behind. */
async function readMessages(file: string): Promise<readonly Line[]> {
  const messages: Line[] = [];
  try {
    for await (const { line: text, number } of readLines(file)) {
      const parsed = line.safeParse(parseJson(text));
      if (!parsed.success)
        throw invalid(
          `/${number}`,
          `${file}, line ${number} is no message; one is {"role": "user", "content": "Hello", "metadata": {"speaker": "Ann", "timestamp": "2026-01-31T12:00:00Z"}}.`,
        );
      messages.push(parsed.data);
    }
  } catch (error) {
    if (error instanceof HybridRAGError) throw error;
    throw invalid("/file", `${file} cannot be read: ${messageOf(error)}`);
  }
  if (messages.length === 0) throw invalid("/file", `${file} holds no messages.`);
  return messages;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const invalid = (path: string, message: string): HybridRAGError =>
  new HybridRAGError("invalid_input", message, { details: { path } });
