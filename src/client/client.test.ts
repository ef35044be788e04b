import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { isHybridRAGError } from "../errors.ts";
import { ownerScope } from "../scope.ts";
import { startService } from "../server/serve.ts";
import { ingestTexts, openTestbed } from "../server/testbed.test.fixture.ts";
import { createClient } from "./client.ts";
import { readEvents } from "./read-events.ts";

async function connected(t: TestContext, options: { readonly extract?: true } = {}) {
  const bed = await openTestbed({ ...options, flags: { port: 0, drain_delay_ms: 0 } });
  await ingestTexts(bed, ownerScope("acme"), {
    "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows in 2024.",
  });
  const service = await startService(bed.parts);
  t.after(async () => {
    await service.stop();
    await bed.close();
  });
  return createClient({ url: service.url, apiKey: await bed.key("acme") });
}

test("edits the graph, lists what was edited and takes it back", async (t) => {
  const client = await connected(t, { extract: true });
  await assert.rejects(
    client.editGraph({ kind: "delete", entity: "Puffins of Kvitholm" }),
    (error) => isHybridRAGError(error) && error.code === "not_found",
  );
  const request = { kind: "rename", entity: "Birds", name: "Seabirds" } as const;
  const made = await client.editGraph(request, { idempotencyKey: "once" });
  assert.deepEqual(await client.editGraph(request, { idempotencyKey: "once" }), made);
  assert.deepEqual([made.kind, made.into, made.undone], ["rename", "seabirds", null]);
  assert.deepEqual(await client.graphEdits({ limit: 1 }), { edits: [made], next: null });
  const undone = await client.undoGraphEdit(made.edit_id);
  assert.equal(undone.undone?.actor, made.actor);
  await assert.rejects(
    client.undoGraphEdit(made.edit_id),
    (error) => isHybridRAGError(error) && error.code === "conflict",
  );
});

test("says what the documents are about", async (t) => {
  const client = await connected(t, { extract: true });
  const burrows = (source: string, year: number) => ({
    source,
    text: `The warden Ada Holm counted ${year - 1600} burrows in the year ${year}.`,
    metadata: { year },
  });
  for await (const state of client.followJob(
    (await client.ingest([burrows("a.txt", 2023), burrows("b.txt", 2025)])).job_id,
  ))
    if (state.state === "done") break;
  const { communities, count, passages, total } = await client.communities();
  assert.deepEqual([count, passages, total], [1, 3, 3]);
  const [only] = communities;
  assert.ok(only!.names.includes("Ada Holm"));
  assert.deepEqual([only!.passages, only!.documents, only!.summarized_by], [2, 2, "quotes"]);
  assert.equal((await client.communities({ filters: { "metadata.year": 2023 } })).total, 1);
  const overview = "What are the main themes of these documents?";
  const { answer, evidence, citations } = await client.ask({ query: overview, mode: "global" });
  assert.match(answer, /^Ada Holm.*\(2 passages\): The warden Ada Holm counted \d+ burrows/);
  assert.deepEqual([evidence, citations.length], ["answer", 1]);
  await assert.rejects(
    client.communities({ limit: 0 }),
    (error) => isHybridRAGError(error) && error.code === "invalid_input",
  );
});

test("searches, asks and streams the same answer", async (t) => {
  const client = await connected(t);
  const question = { query: "How many burrows did the puffin colony count in 2024?", session_id: "s" };
  const found = await client.search({ query: "puffin" });
  const answer = await client.ask(question);
  let streamed = "";
  for await (const event of client.stream(question)) if (event.type === "text-delta") streamed += event.text;
  assert.equal(found.results[0]?.source, "birds.md");
  assert.equal(streamed, answer.answer);
  assert.equal((await client.messages("s")).length, 4);
  assert.equal((await client.searchSession("s", { query: "What was asked?", limit: 2 })).results.length, 2);
});

test("ingests, follows the job to its end, reads and deletes the document", async (t) => {
  const client = await connected(t);
  const document = { source: "seals.txt", text: "Seals haul out on the skerries.", metadata: { category: "mammals" } };
  const job = await client.ingest([document], { idempotencyKey: "once" });
  assert.equal((await client.ingest([document], { idempotencyKey: "once" })).job_id, job.job_id);
  const states: string[] = [];
  for await (const { state } of client.followJob(job.job_id)) states.push(state);
  assert.equal(states.at(-1), "done");
  const { documents } = await client.documents({ limit: 10 });
  const seals = documents.find(({ source }) => source === "seals.txt")!;
  assert.equal((await client.document(seals.document_id)).text, document.text);
  await client.deleteDocument(seals.document_id);
  await assert.rejects(
    client.document(seals.document_id),
    (error) => isHybridRAGError(error) && error.code === "not_found",
  );
});

test("keeps conversations, memories and jobs, and says what was done", async (t) => {
  const client = await connected(t);
  await client.openSession("talk", { topic: "birds" });
  const said = Array.from({ length: 100 }, (_, index) => ({ role: "user" as const, content: `message ${index}` }));
  for (let round = 0; round < 11; round++) await client.addMessages("talk", said);
  assert.deepEqual(
    (await client.messages("talk")).map(({ sequence }) => sequence),
    Array.from({ length: 1100 }, (_, index) => index + 1),
  );
  assert.deepEqual((await client.sessions({ limit: 5 })).sessions[0]?.metadata, { topic: "birds" });
  const { memory_id } = await client.remember("a", { content: "Puffins eat sand eels.", type: "fact" });
  assert.deepEqual(
    (await client.recall("a", { query: "puffins" })).map((one) => one.memory_id),
    [memory_id],
  );
  await client.forget("a", memory_id);
  assert.deepEqual((await client.memories("a", { type: "fact" })).memories, []);
  const { job_id } = await client.ingest([{ source: "late.txt", text: "Late." }]);
  assert.ok(["cancelled", "running", "done"].includes((await client.cancelJob(job_id)).state));
  assert.ok((await client.jobs({ limit: 10 })).jobs.some((job) => job.job_id === job_id));
  await assert.rejects(client.audit(), (error) => isHybridRAGError(error) && error.code === "forbidden");
});

test("a refusal is the error that the service describes", async (t) => {
  const client = await connected(t);
  await assert.rejects(
    client.search({ query: "x", filters: { $where: "1" } }),
    (error) =>
      isHybridRAGError(error) && error.code === "invalid_filter" && error.details["path"] === "/filters/$where",
  );
});

test("a stream is read alike in whatever pieces it comes", async () => {
  const text = 'event: sources\ndata: {"a":"é\\n🦆"}\n\n: still here\n\nevent: end\ndata: {"b":1}\n\n';
  const bytes = new TextEncoder().encode(text);
  const expected = [
    { event: "sources", data: { a: "é\n🦆" } },
    { event: "end", data: { b: 1 } },
  ];
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.slice(at[index], end));
      const body = new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece);
          controller.close();
        },
      });
      const events: unknown[] = [];
      for await (const event of readEvents(new Response(body))) events.push(event);
      assert.deepEqual(events, expected);
    }),
    { numRuns: 50 },
  );
});

test("exports the graph in both formats, and refuses any other", async (t) => {
  const client = await connected(t, { extract: true });
  const read = async (format?: "graphml" | "json") => {
    let text = "";
    for await (const piece of client.exportGraph(format)) text += piece;
    return text;
  };
  assert.match(await read(), /<graphml[\s\S]*<node id="birds">[\s\S]*<\/graphml>\n$/);
  const { entities } = JSON.parse(await read("json")) as { readonly entities: { readonly normalized_name: string }[] };
  assert.ok(entities.some(({ normalized_name }) => normalized_name === "birds"));
  await assert.rejects(read("dot" as "json"), (error) => isHybridRAGError(error) && error.code === "invalid_input");
});

test("asks about names, pages of them, neighbours and paths; an unknown name comes with the nearest ones", async (t) => {
  const client = await connected(t, { extract: true });
  const text = "The warden Ada Holm counts burrows on the island of Kvitholm.";
  const { job_id } = await client.ingest([{ source: "wardens.md", title: "Wardens", text }]);
  for await (const state of client.followJob(job_id)) if (state.state === "done") break;
  const { entities: size } = await client.graph();
  const { entities, next } = await client.entities({ limit: 1 });
  assert.deepEqual([entities.length, next !== null], [1, size > 1]);
  const name = "Ada Holm";
  const page = await client.entityPage(name, { limit: 3 });
  assert.deepEqual(page.entity, await client.entity(name));
  assert.ok(page.evidence.length > 0 && page.passages === page.entity.provenance.length);
  const around = await client.neighbors(name);
  assert.deepEqual(around.entity, page.entity);
  const other = around.together[0]!;
  const path = await client.path(name, other.name, { steps: 1 });
  assert.deepEqual([path.found, path.from, path.to, path.steps.length], [true, "ada holm", other.entity, 1]);
  await assert.rejects(client.path(name, "Kvitholn"), (error) => {
    assert.ok(isHybridRAGError(error) && error.code === "not_found");
    assert.ok((error.details["nearest"] as readonly string[]).includes("Kvitholm"));
    return true;
  });
});
