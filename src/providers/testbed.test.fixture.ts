import { Secret } from "../secret.ts";
import type { GeneratePart, LanguageModel } from "../ports/language-model.ts";
import type { Fault } from "../testing/standins/fault.ts";
import type { Standin } from "../testing/standins/server.ts";

/** Runs `use` with a stand-in that answers, and closes it. */
export async function withStandin<T extends Standin>(
  start: () => Promise<T>,
  use: (standin: T) => Promise<void>,
): Promise<void> {
  const standin = await start();
  try {
    await use(standin);
  } finally {
    await standin.close();
  }
}

export const optionsFor = (standin: Standin, timeoutMs = 5000) => ({
  apiKey: new Secret(standin.key),
  baseUrl: standin.url,
  fetch: globalThis.fetch,
  timeoutMs,
});

export async function collect(parts: AsyncIterable<GeneratePart>): Promise<GeneratePart[]> {
  const all: GeneratePart[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

export const textOf = (parts: readonly GeneratePart[]): string =>
  parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");

export const sources = [
  { id: "c1", title: "Bills", source: "bills.md", text: "Invoices are due in March.\nThey are paid by transfer." },
  {
    id: "c2",
    title: "Ducks",
    source: "ducks.md",
    text: "Ducks live on ponds. Ducks eat pond weed and insects. They swim.",
  },
];

export const duckQuestion = {
  system: "Answer from the sources.",
  messages: [{ role: "user" as const, content: "What do ducks eat?" }],
  sources,
  maxOutputTokens: 500,
};

const nameSchema = {
  type: "object",
  properties: { names: { type: "array", items: { type: "string", minLength: 1 }, maxItems: 9 } },
};

export const askForNames = (model: LanguageModel) =>
  model.generateObject({
    system: "List the names.",
    messages: [{ role: "user", content: "In 1843 the engineer Ada Lovelace wrote to Charles Babbage." }],
    maxOutputTokens: 500,
    schema: nameSchema,
    name: "names",
  });

/** Faults that end one call, with what must become of it. */
export const lethalFaults: readonly (readonly [name: string, fault: Fault, code: string, retryable: boolean])[] = [
  ["429", { kind: "status", status: 429, retryAfterSeconds: 7 }, "rate_limited", true],
  ["500", { kind: "status", status: 500 }, "provider_failed", true],
  ["503", { kind: "status", status: 503 }, "provider_failed", true],
  ["529", { kind: "status", status: 529 }, "provider_failed", true],
  ["401", { kind: "status", status: 401 }, "invalid_config", false],
  ["400", { kind: "status", status: 400 }, "invalid_input", false],
  ["404", { kind: "status", status: 404 }, "invalid_config", false],
  ["hang", { kind: "hang" }, "deadline_exceeded", true],
  ["reset", { kind: "reset" }, "provider_failed", true],
  ["cut", { kind: "cut", bytes: 5 }, "provider_failed", true],
  ["malformed", { kind: "malformed" }, "provider_failed", true],
];
