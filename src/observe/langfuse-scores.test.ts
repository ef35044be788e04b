import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Secret } from "../secret.ts";
import { langfuseScores } from "./langfuse-scores.ts";

const access = {
  publicKey: "pk",
  secretKey: new Secret("sk"),
  baseUrl: "https://langfuse.example/",
  environment: "test",
  release: undefined,
};
const score = { traceId: "a".repeat(32), name: "evidence", value: "answer" };

interface Sent {
  readonly address: string;
  readonly authorization: string | null;
  readonly batch: readonly { readonly type: string; readonly body: Readonly<Record<string, unknown>> }[];
}

/** A Langfuse that takes everything. */
function taking() {
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const authorization = new Headers(init?.headers).get("authorization");
    sent.push({ address: String(input), authorization, ...(JSON.parse(String(init?.body)) as Pick<Sent, "batch">) });
    return Response.json({ successes: [], errors: [] }, { status: 207 });
  };
  return { sent, fetch };
}

describe("scores", () => {
  test("go in batches of a hundred, with the project's keys, a text as a category", async () => {
    const { sent, fetch } = taking();
    const scores = langfuseScores(access, fetch, () => 0);
    for (let count = 0; count < 130; count++) scores.add(count === 0 ? score : { ...score, name: "n", value: count });
    await scores.close(new AbortController().signal);
    assert.deepEqual(
      sent.map(({ batch }) => batch.length),
      [100, 30],
    );
    assert.equal(sent[0]!.address, "https://langfuse.example/api/public/ingestion");
    assert.equal(sent[0]!.authorization, `Basic ${Buffer.from("pk:sk").toString("base64")}`);
    const { id: _, ...body } = sent[0]!.batch[0]!.body;
    assert.deepEqual(body, { ...score, dataType: "CATEGORICAL", environment: "test" });
    assert.equal(sent[0]!.batch[1]!.body["dataType"], "NUMERIC");
  });

  test("a Langfuse that hangs holds nobody up, and the end comes when its time is over", async () => {
    let asked = 0;
    const hanging: typeof globalThis.fetch = (_, init) => {
      asked += 1;
      return new Promise((_resolve, reject) => {
        init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason as Error));
      });
    };
    const scores = langfuseScores(access, hanging, () => 0);
    for (let count = 0; count < 5000; count++) scores.add(score);
    const over = new AbortController();
    const closed = scores.close(over.signal);
    over.abort();
    await closed;
    assert.ok(asked <= 1, "one batch at a time");
  });

  test("at most a thousand wait; what comes on top is dropped", async () => {
    const { sent, fetch } = taking();
    const scores = langfuseScores(access, fetch, () => 0);
    for (let count = 0; count < 5000; count++) scores.add(score);
    await scores.close(new AbortController().signal);
    assert.equal(sent.flatMap(({ batch }) => batch).length, 1000);
  });

  test("a Langfuse that refuses loses its batch and nothing else", async () => {
    const refusing: typeof globalThis.fetch = async () => new Response("no", { status: 500 });
    const scores = langfuseScores(access, refusing, () => 0);
    scores.add(score);
    await scores.close(new AbortController().signal);
  });
});
