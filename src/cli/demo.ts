/** `npm run demo`: from a fresh checkout to a cited answer. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentOf, loadConfig } from "../config/config.ts";
import { openHybridRAG } from "../open.ts";
import { ownerScope } from "../scope.ts";
import { printAnswer } from "./commands/ask.ts";
import { openTerminal } from "./terminal.ts";

const corpus = fileURLToPath(new URL("../../examples/corpus", import.meta.url));
const questions = [
  "How many kittiwake nests were counted in 2025?",
  "Who founded the institute that opened the station at Kestrel Point?",
  "What is the capital of Mongolia?",
];

const terminal = openTerminal(environmentOf());
const { config } = loadConfig({ flags: { data_dir: join(".hybridrag", "demo") } });
const rag = await openHybridRAG(config, { access: "write" });
try {
  const scope = ownerScope("demo");
  terminal.line(terminal.bold("$ hybridrag ingest examples/corpus"));
  for await (const event of rag.ingest(scope, [corpus], { cwd: process.cwd() })) {
    if (event.type === "file")
      terminal.line(`  ${event.result.outcome.padEnd(9)} ${event.result.path.slice(corpus.length + 1)}`);
  }
  for (const query of questions) {
    terminal.line(terminal.bold(`\n$ hybridrag ask "${query}"`));
    await printAnswer(rag.ask(scope, { query }), terminal);
  }
} finally {
  await rag.close();
}
terminal.line(`
Every [number] is a quote that was found in the stored text at the characters named. Next:
  npx hybridrag ingest PATH      your own files or folders (text, Markdown, HTML, PDF, DOCX, CSV, JSON …)
  npx hybridrag ask "QUESTION"   an answer with citations that were checked
  npx hybridrag search "WORDS"   the passages themselves; --explain says what each leg gave
  npx hybridrag config           every setting and where it comes from`);
