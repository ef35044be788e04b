import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ownerScope } from "../scope.ts";
import { eventsOf, ingestTexts, openTestbed, type Body, type Testbed } from "./testbed.test.fixture.ts";

const texts = {
  "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows in 2024. Puffins eat sand eels and sprats.",
  "tides.md": "# Tides\n\nThe tide gauge was repaired in March 2023 after the storm named Brona.",
};

describe("the service", () => {
  let bed: Testbed;
  let key: string;

  before(async () => {
    bed = await openTestbed();
    await ingestTexts(bed, ownerScope("acme"), texts);
    key = await bed.key("acme", { scopes: ["query", "ingest", "admin"] });
  });
  after(() => bed.close());

  describe("questions", () => {
    test("a search answers with passages and what each leg gave them", async () => {
      const { status, body } = await bed.send(key, "POST", "/v1/search", { query: "puffin burrows", top_k: 1 });
      assert.equal(status, 200);
      assert.equal(body.results[0].source, "birds.md");
      assert.ok(body.results[0].legs.text > 0);
    });

    test("an answer cites a quote that stands at its offsets in the document", async () => {
      const { body } = await bed.send(key, "POST", "/v1/query", {
        query: "How many burrows did the puffin colony count in 2024?",
      });
      const [citation] = body.citations;
      const { body: document } = await bed.send(key, "GET", `/v1/documents/${citation.document_id}`);
      assert.equal(document.text.slice(citation.start, citation.end), citation.quote);
      assert.match(body.answer, /412/);
    });

    test("an answer as events begins with sources, ends with end, and says what the whole answer says", async () => {
      const question = { query: "When was the tide gauge repaired?" };
      const sent = await bed.send(key, "POST", "/v1/query", question, { accept: "text/event-stream" });
      const events = eventsOf(sent.text);
      assert.match(sent.type, /^text\/event-stream/);
      assert.deepEqual([events.at(0)?.event, events.at(-1)?.event], ["sources", "end"]);
      const streamed = events.filter(({ event }) => event === "text-delta").map(({ data }) => data.text as string);
      const { body } = await bed.send(key, "POST", "/v1/query", question);
      assert.equal(streamed.join(""), body.answer);
    });

    test("a refusal of a stream is a status, not an event", async () => {
      const sent = await bed.send(key, "POST", "/v1/query", { query: "" }, { accept: "text/event-stream" });
      assert.equal(sent.status, 400);
    });

    test("bad bodies get a problem document that points at the fault", async () => {
      const cases: readonly (readonly [object, string])[] = [
        [{}, "/query"],
        [{ query: " \u0007 " }, "/query"],
        [{ query: "x", top_k: 0 }, "/top_k"],
        [{ query: "x", session_id: "../etc" }, "/session_id"],
        [{ query: "x", stranger: 1 }, "/stranger"],
        [{ query: "x", filters: { $or: [{ "metadata.a": 1 }, { $where: "1" }] } }, "/filters/$or/1/$where"],
        [{ query: "x", filters: { "metadata.tenant_id": "other" } }, "/filters/metadata.tenant_id"],
      ];
      for (const [body, pointer] of cases) {
        const { status, type, body: problem } = await bed.send(key, "POST", "/v1/search", body);
        assert.deepEqual([status, type], [400, "application/problem+json; charset=utf-8"], pointer);
        assert.equal(problem.errors[0].pointer, pointer);
        if (pointer.startsWith("/filters")) assert.ok(problem.detail.includes(` ${pointer}:`), problem.detail);
      }
    });

    test("a list of documents points into its filter as a search does", async () => {
      const filters = encodeURIComponent('{"metadata.tenant_id": "other"}');
      const { status, body: problem } = await bed.send(key, "GET", `/v1/documents?filters=${filters}`);
      assert.deepEqual([status, problem.errors[0].pointer], [400, "/filters/metadata.tenant_id"]);
    });
  });

  describe("who may", () => {
    test("without a credential there is nothing but health and the description", async () => {
      for (const route of bed.routes) {
        const path = route.path.replaceAll(/\{\w+\}/g, "x");
        const { status, headers } = await bed.send(null, route.method.toUpperCase(), path);
        if (route.needs === null) assert.ok(status === 200 || status === 503, path);
        else assert.deepEqual([status, headers["www-authenticate"]], [401, "Bearer"], path);
      }
    });

    test("each route needs its scope", async () => {
      const reader = await bed.key("acme", { scopes: ["query"] });
      for (const route of bed.routes.filter(({ needs }) => needs === "ingest" || needs === "admin")) {
        const path = route.path.replaceAll(/\{\w+\}/g, "x");
        assert.equal((await bed.send(reader, route.method.toUpperCase(), path)).status, 403, path);
      }
    });

    test("every bad credential gets the same words", async () => {
      const expired = await bed.key("acme");
      const id = expired.split("_")[1]!;
      await bed.store.keys.revoke(ownerScope("acme"), id, new Date().toISOString());
      const bad = [expired, "hrk_x", key.slice(0, -1) + (key.endsWith("A") ? "B" : "A"), "a.b.c", "é"];
      const answers = await Promise.all(bad.map((one) => bed.send(one, "GET", "/v1/documents")));
      const shown = answers.map(({ status, body }) => [status, body.title, body.code]);
      assert.equal(new Set(shown.map(String)).size, 1);
      assert.equal(shown[0]![0], 401);
    });

    test("keys are made, used, listed without their secret, and revoked over HTTP", async () => {
      const made = await bed.send(key, "POST", "/v1/keys", { name: "reader", scopes: ["query"] });
      assert.equal(made.status, 201);
      assert.equal((await bed.send(made.body.key, "GET", "/v1/documents")).status, 200);
      const listed = await bed.send(key, "GET", "/v1/keys");
      const found = listed.body.keys.find((one: Body) => one.key_id === made.body.key_id);
      assert.equal(found.name, "reader");
      assert.ok(found.last_used_at >= found.created_at);
      assert.ok(!listed.text.includes(made.body.key.split("_")[2]) && !listed.text.includes("secret_hash"));
      assert.equal((await bed.send(key, "DELETE", `/v1/keys/${made.body.key_id}`)).status, 204);
      assert.equal((await bed.send(made.body.key, "GET", "/v1/documents")).status, 401);
      const { body } = await bed.send(key, "GET", "/v1/audit");
      assert.deepEqual(
        body.entries.slice(0, 3).map(({ action }: Body) => action),
        ["delete /v1/keys/{key_id}", "use key", "post /v1/keys"],
      );
    });
  });

  describe("documents", () => {
    test("an upload is read by what it holds, stored, found, and deleted", async () => {
      const file = "# Seals\n\nGrey seals haul out on the skerries near Kvitholm.";
      const sent = await upload(bed, key, "seals.md", file, { title: "Seals", metadata: '{"category":"mammals"}' });
      assert.deepEqual([sent.status, sent.body.outcome], [201, "indexed"]);
      const search = { query: "Kvitholm", filters: { "metadata.category": "mammals" } };
      const found = await bed.send(key, "POST", "/v1/search", search);
      assert.equal(found.body.results[0].document_id, sent.body.document_id);
      assert.equal(
        (await upload(bed, key, "seals.md", file, { title: "Seals", metadata: '{"category":"mammals"}' })).status,
        200,
      );
      assert.equal((await bed.send(key, "DELETE", `/v1/documents/${sent.body.document_id}`)).status, 204);
      assert.equal((await bed.send(key, "DELETE", `/v1/documents/${sent.body.document_id}`)).status, 404);
    });

    test("what is no upload, and what no reader knows, is refused with the reason", async () => {
      assert.equal((await bed.send(key, "POST", "/v1/documents", { text: "x" })).status, 415);
      const executable = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      const binary = await upload(bed, key, "report.pdf", executable);
      assert.ok(binary.status === 415 || binary.status === 422, String(binary.status));
      const metadata = await upload(bed, key, "a.txt", "words", { metadata: "{" });
      assert.deepEqual([metadata.status, metadata.body.errors[0].pointer], [400, "/metadata"]);
    });

    test("pages cover everything once, and a cursor of another listing is refused", async () => {
      const pages: string[] = [];
      let cursor: string | null = null;
      do {
        const at: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
        const { body }: { body: Body } = await bed.send(key, "GET", `/v1/documents?limit=1${at}`);
        pages.push(...body.documents.map((one: Body) => one.source));
        cursor = body.next;
      } while (cursor !== null);
      assert.deepEqual(pages.toSorted(), Object.keys(texts).toSorted());
      for (const wrong of ["garbage", "e30", "%00"]) {
        assert.equal((await bed.send(key, "GET", `/v1/documents?cursor=${wrong}`)).status, 400, wrong);
      }
    });
  });

  describe("idempotency", () => {
    const once = { "idempotency-key": "key-1" };
    const documents = (text: string) => ({ documents: [{ source: "idempotent.txt", text }] });

    test("a repetition gets the first answer, another body is refused", async () => {
      const first = await bed.send(key, "POST", "/v1/ingest", documents("one"), once);
      const again = await bed.send(key, "POST", "/v1/ingest", documents("one"), once);
      assert.deepEqual([first.status, again.status, again.body.job_id], [202, 202, first.body.job_id]);
      assert.equal(again.headers["idempotency-replayed"], "true");
      assert.equal(again.headers["location"], first.headers["location"]);
      assert.equal((await bed.send(key, "POST", "/v1/ingest", documents("two"), once)).status, 422);
    });

    test("holds for uploads by the bytes of the file", async () => {
      const header = { "idempotency-key": "key-3" };
      const first = await upload(bed, key, "once.txt", "Eiders nest in down.", {}, header);
      const again = await upload(bed, key, "once.txt", "Eiders nest in down.", {}, header);
      assert.deepEqual([first.status, again.status, again.headers["idempotency-replayed"]], [201, 201, "true"]);
      assert.deepEqual(again.body, first.body);
      assert.equal((await upload(bed, key, "once.txt", "Eiders nest in dawn.", {}, header)).status, 422);
      await bed.send(key, "DELETE", `/v1/documents/${first.body.document_id}`);
    });

    test("of many at once one does the work", async () => {
      const header = { "idempotency-key": "key-2" };
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => bed.send(key, "POST", "/v1/ingest", documents("three"), header)),
      );
      const jobs = new Set(answers.filter(({ status }) => status === 202).map(({ body }) => body.job_id));
      assert.equal(jobs.size, 1);
      assert.ok(answers.every(({ status }) => status === 202 || status === 409));
    });
  });

  test("a method that an address does not know, and an address that nobody knows", async () => {
    const wrongMethod = await bed.send(key, "DELETE", "/v1/search");
    assert.deepEqual([wrongMethod.status, wrongMethod.headers["allow"]], [405, "POST"]);
    assert.equal((await bed.send(key, "GET", "/v2/search")).status, 404);
    const undecodable = await bed.send(key, "GET", "/v1/documents/%E0%A4%A");
    assert.deepEqual([undecodable.status, undecodable.body.code], [400, "invalid_input"]);
  });

  test("a request id is taken when it is harmless, and stands in the problem", async () => {
    const taken = await bed.send(key, "GET", "/v1/sessions/none", undefined, { "x-request-id": "trace-12345" });
    assert.deepEqual([taken.headers["x-request-id"], taken.body.request_id], ["trace-12345", "trace-12345"]);
    const replaced = await bed.send(key, "GET", "/v1/sessions/none", undefined, { "x-request-id": "a\tb{}" });
    assert.match(String(replaced.headers["x-request-id"]), /^[0-9a-f-]{36}$/);
  });
});

function upload(
  bed: Testbed,
  key: string,
  name: string,
  content: string | Buffer,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
) {
  const boundary = "----boundary";
  const parts = Object.entries(fields).map(
    ([field, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  );
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const payload = Buffer.concat([
    Buffer.from(parts.join("") + head),
    Buffer.from(content),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return bed.send(key, "POST", "/v1/documents", payload, {
    "content-type": `multipart/form-data; boundary=${boundary}`,
    ...headers,
  });
}
