import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseFilter } from "../filter/parse-filter.ts";
import type { Store } from "../ports/store.ts";
import type { Metadata } from "../records.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { vectorOf, versionOf } from "../testing/contract/examples.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { defaultQuerySettings } from "./plan.ts";
import { search } from "./search.ts";
import { fakeEmbedder, fakePorts } from "./world.test.fixture.ts";

const scope = ownerScope("t");
const subjects = ["notice", "fees", "liability", "insurance", "arbitration", "secrecy"];
const customers = ["Oslow", "Pendry", "Marrack", "Ternhill", "Kelmar", "Loxley", "Creswick", "Vantor"];

const clause = (subject: string, figure: number) =>
  `The clause on ${subject}: both parties agree that ${subject} is settled here, in all, at ${figure} of them, and no other.`;
const cover = (customer: string, year: number) =>
  `Agreement between the Supplier and ${customer}, of 3 May ${year}. It replaces what was said before.`;
const idOf = (customer: string, year: number) => Buffer.from(`${customer}${year}`).toString("hex").padEnd(32, "0");

/** Contracts that differ in who and when, which only their first chunk says, and in their figures. */
async function putContracts(store: Store, metadataOf: (customer: string) => Metadata = () => ({})): Promise<void> {
  for (const [at, customer] of customers.entries()) {
    for (const year of [2019, 2021]) {
      const clauses = subjects.map((subject, index) => clause(subject, 10 * at + index + year));
      const metadata = metadataOf(customer);
      const id = idOf(customer, year);
      await store.documents.put(
        scope,
        versionOf({ id, source: id, parts: [cover(customer, year), ...clauses], metadata }),
      );
    }
  }
}

async function openStore(): Promise<Store> {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  return store;
}

const embedder = fakeEmbedder(async (texts) => ({ vectors: texts.map(vectorOf), tokens: 1 }));

const ask = (store: Store, query: string, { as = scope, filter = {} }: { as?: Scope; filter?: object } = {}) =>
  search(
    fakePorts(() => assert.fail(), { store, embedder }),
    as,
    { query, mode: "hybrid", top_k: 6, filter: parseFilter(filter), session_id: null, explain: true },
    defaultQuerySettings,
  );

async function opened(engine: "memory" | "embedded" | "MongoDB"): Promise<{ store: Store; close(): Promise<void> }> {
  if (engine === "memory") return { store: await openStore(), close: async () => {} };
  const server = engine === "MongoDB" ? await startMongoServer({ profile: "8.2" }) : null;
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-documents-"));
  const store = server
    ? await openMongoStore({ uri: server.uri, database: "documents" })
    : await openEmbeddedStore({ directory });
  await store.prepare(contractIdentity);
  const close = async () => {
    await store.close();
    await server?.close();
    await rm(directory, { recursive: true });
  };
  return { store, close };
}

for (const engine of ["memory", "embedded", "MongoDB"] as const) {
  test(`${engine}: among contracts with ids that tell nothing the one is found that its first page names`, async () => {
    const { store, close } = await opened(engine);
    await putContracts(store);
    await store.settle();
    const { results, warnings } = await ask(store, "How long is the notice in the Marrack agreement of 2019?");
    assert.deepEqual(warnings, []);
    assert.ok(results.length > 4 && results.every(({ document_id }) => document_id === idOf("Marrack", 2019)));
    assert.ok(results.some(({ content }) => content === clause("notice", 20 + 2019)));
    const gain = results[0]!.explain!.document_gain!;
    assert.deepEqual(gain.named_by.toSorted(), ["2019", "marrack"]);
    assert.ok(gain.name > 0);
    await close();
  });
}

test("passages of the document that is meant are found that no leg listed", async () => {
  const store = await openStore();
  await putContracts(store);
  const { results } = await ask(store, "the latest agreement with Vantor");
  const clauses = results.filter(({ content }) => content.startsWith("The clause"));
  assert.ok(clauses.length > 3);
  for (const { document_id, explain } of clauses) {
    assert.equal(document_id, idOf("Vantor", 2021));
    assert.ok(explain?.document_gain?.latest);
  }
  assert.ok(clauses.some(({ explain }) => explain?.vector.rank === null && explain.text.rank === null));
});

test("a document that may not be read neither appears nor changes what others gain", async () => {
  const store = await openStore();
  await putContracts(store, (customer): Metadata => (customer === "Marrack" ? { access: ["ann"] } : {}));
  const question = "How long is the notice in the Marrack agreement of 2019?";
  const bob = await ask(store, question, { as: { ...scope, principals: ["bob"] } });
  assert.ok(bob.results.length > 0);
  for (const { document_id, explain } of bob.results) {
    assert.ok(!document_id.startsWith(Buffer.from("Marrack").toString("hex")));
    assert.ok(!explain?.document_gain?.named_by.includes("marrack"));
  }
  const filtered = await ask(store, question, { filter: { document_id: { $ne: idOf("Marrack", 2019) } } });
  assert.ok(filtered.results.every(({ document_id }) => document_id !== idOf("Marrack", 2019)));
  assert.equal(filtered.results[0]?.document_id, idOf("Marrack", 2021));
});

test("to a question about everything no document is preferred", async () => {
  const store = await openStore();
  await putContracts(store);
  const { results } = await ask(store, "What are the main themes of these documents?");
  assert.ok(results.every(({ explain }) => explain?.document === 0 && explain.document_gain === undefined));
});

test("a document that was deleted leaves no trace", async () => {
  const store = await openStore();
  await putContracts(store);
  const question = "fees in the Kelmar agreement";
  const before = (await ask(store, question)).results;
  const id = idOf("Kelmar", 2023);
  await store.documents.put(scope, versionOf({ id, parts: [cover("Kelmar", 2023), clause("fees", 1)] }));
  assert.notDeepEqual((await ask(store, question)).results, before);
  await store.documents.delete(scope, id);
  assert.deepEqual((await ask(store, question)).results, before);
});

test("pages that were given as documents of their own are named by the first of them", async () => {
  const store = await openStore();
  for (const [at, customer] of customers.entries()) {
    const pages = [cover(customer, 2020), ...subjects.map((subject, index) => clause(subject, 10 * at + index))];
    for (const [page, text] of pages.entries())
      await store.documents.put(scope, versionOf({ id: `scan${at}.pdf#p${page + 1}`, parts: [text] }));
  }
  const { results } = await ask(store, "insurance in the contract with Creswick");
  assert.ok(results.slice(0, 2).some(({ document_id }) => document_id === "scan6.pdf#p5"));
  assert.ok(results.every(({ document_id }) => document_id.startsWith("scan6.pdf#")));
});

test("where the documents cannot be read the order stays and a warning says so", async () => {
  const store = await openStore();
  await putContracts(store);
  const openings = async () => {
    throw new Error("gone");
  };
  const broken: Store = { ...store, chunks: { ...store.chunks, openings } };
  const question = "How long is the notice in the Marrack agreement of 2019?";
  const { results, warnings } = await ask(broken, question);
  assert.deepEqual(
    warnings.map(({ code, message }) => [code, message]),
    [["documents_not_told", "Which of the documents is meant could not be told: gone"]],
  );
  assert.ok(results.length === 6 && results.every(({ explain }) => explain?.document === 0));
});
