import assert from "node:assert/strict";
import { test } from "node:test";
import { GoogleGenAI } from "@google/genai";
import Anthropic from "@anthropic-ai/sdk";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import OpenAI from "openai";
import { VoyageAIClient, VoyageAIError } from "voyageai";
import { anthropicStandin } from "./anthropic.ts";
import { awsSecretsStandin } from "./aws-secrets.ts";
import { gcpSecretsStandin } from "./gcp-secrets.ts";
import { geminiStandin } from "./gemini.ts";
import { openaiStandin } from "./openai.ts";
import type { Standin } from "./server.ts";
import { voyageStandin } from "./voyage.ts";

/** Each stand-in is proven by its provider's own client, which knows nothing of our adapters. */
async function running<T extends Standin>(start: () => Promise<T>, use: (standin: T) => Promise<void>): Promise<void> {
  const standin = await start();
  try {
    await use(standin);
  } finally {
    await standin.close();
  }
}

const cosine = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const norm = (a: readonly number[]): number => Math.sqrt(cosine(a, a));

test("voyageai: embeds with real similarity, unit length and consistent prefixes", () =>
  running(voyageStandin, async (standin) => {
    const client = new VoyageAIClient({ apiKey: standin.key, environment: standin.url });
    const texts = ["Ducks eat pond weed and insects.", "The invoice is due in March.", "What do ducks eat?"];
    const embed = async (outputDimension: number): Promise<number[][]> => {
      const answer = await client.embed({
        input: texts,
        model: "voyage-4-large",
        outputDimension,
        inputType: "document",
      });
      assert.ok((answer.usage?.totalTokens ?? 0) > 10);
      return (answer.data ?? []).map(({ embedding }) => embedding as number[]);
    };
    const [long, short] = [await embed(1024), await embed(256)];
    const [ducks, invoice, question] = long as [number[], number[], number[]];
    assert.ok(Math.abs(norm(ducks) - 1) < 1e-5);
    assert.ok(cosine(ducks, question) > cosine(invoice, question) + 0.2);
    const prefix = ducks.slice(0, 256);
    assert.ok(Math.abs(cosine(prefix, short[0] ?? []) / norm(prefix) - 1) < 1e-5);
    assert.deepEqual(await embed(256), short);
  }));

test("voyageai: reranks, best first, with indexes into the request", () =>
  running(voyageStandin, async (standin) => {
    const client = new VoyageAIClient({ apiKey: standin.key, environment: standin.url });
    const documents = ["Invoices are due in March.", "Ducks eat pond weed."];
    const answer = await client.rerank({ query: "what ducks eat", documents, model: "rerank-2.5", topK: 2 });
    assert.deepEqual(
      answer.data?.map(({ index }) => index),
      [1, 0],
    );
  }));

test("voyageai: a wrong key is the provider's own 401", () =>
  running(voyageStandin, async (standin) => {
    const client = new VoyageAIClient({ apiKey: "pa-wrong", environment: standin.url });
    await assert.rejects(
      client.embed({ input: "x", model: "voyage-4" }),
      (error: VoyageAIError) => error.statusCode === 401,
    );
  }));

const search = (id: string, ...texts: string[]): Anthropic.SearchResultBlockParam => ({
  type: "search_result",
  source: id,
  title: id,
  content: texts.map((text) => ({ type: "text", text })),
  citations: { enabled: true },
});

test("@anthropic-ai/sdk: streams an answer that cites the search results by index and block", () =>
  running(anthropicStandin, async (standin) => {
    const client = new Anthropic({ apiKey: standin.key, baseURL: standin.url });
    const stream = client.messages.stream({
      model: "claude-sonnet-5-5",
      max_tokens: 500,
      messages: [
        {
          role: "user",
          content: [
            search("a", "Invoices are due in March."),
            search("b", "Ducks live on ponds.", "Ducks eat pond weed."),
            { type: "text", text: "What do ducks eat?" },
          ],
        },
      ],
    });
    const message = await stream.finalMessage();
    assert.equal(message.stop_reason, "end_turn");
    const citation = message.content.flatMap((part) => (part.type === "text" ? (part.citations ?? []) : []))[0];
    assert.equal(citation?.type, "search_result_location");
    assert.ok(citation?.type === "search_result_location");
    assert.deepEqual(
      [
        citation.search_result_index,
        citation.start_block_index,
        citation.end_block_index,
        citation.cited_text,
        citation.source,
      ],
      [1, 1, 2, "Ducks eat pond weed.", "b"],
    );
    assert.equal(standin.journal[0]?.headers["anthropic-version"], "2026-10-21");
    assert.equal(standin.journal[0]?.headers["authorization"], undefined);
  }));

const refused: readonly (readonly [name: string, body: Record<string, unknown>, message: RegExp])[] = [
  ["sampling parameters", { temperature: 1 }, /temperature: Extra inputs are not permitted/],
  [
    "forced tool use",
    { tools: [{ name: "t", input_schema: { type: "object" } }], tool_choice: { type: "any" } },
    /forced tool use/,
  ],
  ["switched off thinking", { thinking: { type: "disabled" } }, /between_tools/],
  [
    "citations with a format",
    {
      messages: [{ role: "user", content: [search("a", "x y z"), { type: "text", text: "q" }] }],
      output_config: { format: { type: "json_schema", schema: { type: "object", additionalProperties: false } } },
    },
    /cannot be used together/,
  ],
  [
    "an open schema",
    { output_config: { format: { type: "json_schema", schema: { type: "object", properties: {} } } } },
    /additionalProperties/,
  ],
  [
    "more than four cache marks",
    { system: Array.from({ length: 5 }, () => ({ type: "text", text: "s", cache_control: { type: "ephemeral" } })) },
    /maximum of 4/,
  ],
  ["an unknown field", { top_secret: 1 }, /top_secret: Extra inputs/],
];
for (const [name, body, message] of refused)
  test(`@anthropic-ai/sdk: the stand-in refuses ${name}`, () =>
    running(anthropicStandin, async (standin) => {
      const client = new Anthropic({ apiKey: standin.key, baseURL: standin.url });
      const request = {
        model: "claude-sonnet-5-5",
        max_tokens: 9,
        messages: [{ role: "user", content: "q" }],
        ...body,
      };
      await assert.rejects(
        client.messages.create(request as unknown as Anthropic.MessageCreateParamsNonStreaming),
        (error: InstanceType<typeof Anthropic.BadRequestError>) => error.status === 400 && message.test(error.message),
      );
    }));

test("@anthropic-ai/sdk: structured output obeys the schema, batches end with results in any order, tokens are counted", () =>
  running(anthropicStandin, async (standin) => {
    const client = new Anthropic({ apiKey: standin.key, baseURL: standin.url });
    const schema = {
      type: "object",
      additionalProperties: false,
      properties: { names: { type: "array", items: { type: "string" } } },
      required: ["names"],
    };
    const params: Anthropic.MessageCreateParamsNonStreaming = {
      model: "claude-haiku-5-5",
      max_tokens: 300,
      messages: [{ role: "user", content: "In 1843 the engineer Ada Lovelace wrote to Charles Babbage." }],
      output_config: { format: { type: "json_schema", schema } },
    };
    const message = await client.messages.create(params);
    const text = message.content[0]?.type === "text" ? message.content[0].text : "";
    assert.deepEqual(JSON.parse(text), { names: ["Ada Lovelace", "Charles Babbage"] });
    const count = await client.messages.countTokens({ model: params.model, messages: params.messages });
    assert.ok(count.input_tokens > 5);
    const batch = await client.messages.batches.create({
      requests: [
        { custom_id: "1", params },
        { custom_id: "2", params: { ...params, max_tokens: 200_000 } },
      ],
    });
    await assert.rejects(client.messages.batches.results(batch.id), /in progress|finished/i);
    const listed = await client.messages.batches.list({ limit: 1 });
    assert.deepEqual([listed.data[0]?.id, listed.has_more], [batch.id, false]);
    const results = new Map<string, string>();
    for await (const line of await client.messages.batches.results(batch.id))
      results.set(line.custom_id, line.result.type);
    assert.deepEqual([results.get("1"), results.get("2")], ["succeeded", "errored"]);
    const models = await client.models.list();
    assert.ok(models.data.some(({ id, retires_at }) => id === "claude-sonnet-4-5" && retires_at !== null));
  }));

const sourced = (question: string): string =>
  `<source id="1" title="a">\nInvoices are due in March.\n</source>\n<source id="2" title="b">\nDucks eat pond weed.\n</source>\n\n${question}`;

test("openai: chats in a stream with usage, embeds, and refuses what reasoning models refuse", () =>
  running(openaiStandin, async (standin) => {
    const client = new OpenAI({ apiKey: standin.key, baseURL: standin.url, maxRetries: 0 });
    const stream = await client.chat.completions.create({
      model: "gpt-5-mini",
      messages: [{ role: "user", content: sourced("What do ducks eat?") }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let total = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      total = chunk.usage?.total_tokens ?? total;
    }
    assert.match(text, /Ducks eat pond weed\. \[2\]/);
    assert.ok(total > 10);
    const embedded = await client.embeddings.create({
      model: "text-embedding-3-small",
      input: ["a duck"],
      dimensions: 512,
    });
    assert.equal(embedded.data[0]?.embedding.length, 512);
    await assert.rejects(
      client.chat.completions.create({
        model: "gpt-5-mini",
        max_tokens: 3,
        messages: [{ role: "user", content: "q" }],
      }),
      /max_completion_tokens/,
    );
  }));

test("@google/genai: generates, streams, embeds, and reports a wrong key", () =>
  running(geminiStandin, async (standin) => {
    const client = new GoogleGenAI({ apiKey: standin.key, httpOptions: { baseUrl: standin.url } });
    const request = { model: "gemini-3-flash", contents: sourced("What do ducks eat?") };
    const answer = await client.models.generateContent(request);
    assert.match(answer.text ?? "", /pond weed\. \[2\]/);
    let text = "";
    for await (const chunk of await client.models.generateContentStream(request)) text += chunk.text ?? "";
    assert.equal(text, answer.text);
    const embedded = await client.models.embedContent({
      model: "gemini-embedding-001",
      contents: ["a duck", "an invoice"],
      config: { taskType: "RETRIEVAL_DOCUMENT", outputDimensionality: 256 },
    });
    assert.deepEqual(
      embedded.embeddings?.map(({ values }) => values?.length),
      [256, 256],
    );
    const wrong = new GoogleGenAI({ apiKey: "AIzaWrong", httpOptions: { baseUrl: standin.url } });
    await assert.rejects(wrong.models.generateContent(request), /API key not valid/);
  }));

test("@aws-sdk/client-secrets-manager: reads a secret, and an absent one is not found", () =>
  running(
    () => awsSecretsStandin({ secrets: { "app/voyage": "value" } }),
    async (standin) => {
      const client = new SecretsManagerClient({
        endpoint: standin.url,
        region: "eu-central-1",
        credentials: { accessKeyId: standin.key, secretAccessKey: standin.signer.secretAccessKey },
      });
      const found = await client.send(new GetSecretValueCommand({ SecretId: "app/voyage" }));
      assert.equal(found.SecretString, "value");
      await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: "absent" })), {
        name: "ResourceNotFoundException",
      });
      client.destroy();
    },
  ));

test("@aws-sdk/client-secrets-manager: a signature by another secret, region or session token is refused", () =>
  running(
    () => awsSecretsStandin({ secrets: { a: "value" }, temporary: true }),
    async (standin) => {
      const { accessKeyId, secretAccessKey } = standin.signer;
      const sessionToken = standin.signer.sessionToken!;
      const read = async (credentials: object, region = "eu-central-1"): Promise<string | undefined> => {
        const whole = { accessKeyId, secretAccessKey, sessionToken, ...credentials };
        const client = new SecretsManagerClient({ endpoint: standin.url, region, credentials: whole });
        try {
          return (await client.send(new GetSecretValueCommand({ SecretId: "a" }))).SecretString;
        } finally {
          client.destroy();
        }
      };
      assert.equal(await read({}), "value");
      await assert.rejects(read({ secretAccessKey: "another" }), { name: "InvalidSignatureException" });
      await assert.rejects(read({}, "us-east-1"), { name: "InvalidSignatureException" });
      await assert.rejects(read({ sessionToken: "another" }), { name: "UnrecognizedClientException" });
      await assert.rejects(read({ sessionToken: undefined }), { name: "UnrecognizedClientException" });
    },
  ));

test("@google-cloud/secret-manager: reads a secret over REST, and an absent one is not found", () =>
  running(
    () => gcpSecretsStandin({ secrets: { voyage: "value" } }),
    async (standin) => {
      const { SecretManagerServiceClient } = await import("@google-cloud/secret-manager");
      const { OAuth2Client } = await import("google-auth-library");
      const authClient = new OAuth2Client();
      authClient.setCredentials({ access_token: standin.key });
      const { hostname, port } = new URL(standin.url);
      const client = new SecretManagerServiceClient({
        fallback: true,
        apiEndpoint: hostname,
        port: Number(port),
        protocol: "http",
        authClient,
      } as never);
      const name = "projects/standin-project/secrets/voyage/versions/latest";
      const [found] = await client.accessSecretVersion({ name });
      assert.equal(Buffer.from(found.payload?.data as Uint8Array).toString(), "value");
      for (const [part, other, code] of [
        ["voyage", "absent", 404],
        ["latest", "7", 404],
        ["standin-project", "another", 403],
      ] as const)
        await assert.rejects(client.accessSecretVersion({ name: name.replace(part, other) }), { code });
      await client.close();
    },
  ));
