import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Filter } from "../filter/filter.ts";
import { matches } from "../filter/matches.ts";
import { collectionCommunities } from "../graph/collection-communities.ts";
import { communityThread } from "../graph/community-thread.ts";
import { entityPage } from "../graph/entity-page.ts";
import { evidencePath } from "../graph/evidence-path.ts";
import { exportGraph } from "../graph/export-graph.ts";
import type { DocumentVersion, Store } from "../ports/store.ts";
import type { DocumentGraph, Mention } from "../records.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { assertion, chunkId, link, mention, versionOf } from "../testing/contract/examples.ts";
import { assertClose } from "../testing/contract/expect.ts";
import { wordEmbedder } from "../testing/fake-models.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { collectionThemes } from "./collection-themes.ts";
import { graphLeg } from "./graph-leg.ts";
import { defaultQuerySettings } from "./plan.ts";
import type { Mode } from "./query-request.ts";
import { search } from "./search.ts";

/**
 * Passages that a caller may not read change no byte of what the graph gives him. Where scores of words are shown this is
 * held against a collection with the same texts but without the hidden names, links and statements, since words weigh by
 * the whole tenant; elsewhere against one without the hidden documents. What a filter excludes is never shown and carries
 * no path; names weigh by all that the caller may read.
 */

const names = ["Ada Byron", "Baron Zorn", "Crow Sons", "Delft", "Eve", "Fort Gull"];
const key = (name: string): string => name.toLowerCase();

interface Page {
  readonly title: string;
  readonly said: readonly string[];
  readonly pointsAt: readonly number[];
  readonly kind: "open" | "hidden" | "excluded";
}

const randomPages = (): fc.Arbitrary<readonly Page[]> =>
  fc.array(
    fc.record({
      title: fc.constantFrom(...names, "Notes"),
      said: fc.subarray(names),
      pointsAt: fc.array(fc.nat(9), { maxLength: 2 }),
      kind: fc.constantFrom("open", "open", "hidden", "excluded"),
    }),
    { minLength: 5, maxLength: 10 },
  );

const clerk = (tenant: string): Scope => ({ tenant, principals: ["clerk"] });
const filter: Filter = { op: "eq", field: "metadata.kind", value: "open" };

function versionsOf(pages: readonly Page[]): readonly DocumentVersion[] {
  return pages.map(({ title, said, pointsAt, kind }, at) => {
    const id = `page-${at}`;
    const text = `${title} is told of here, with ${["nobody", ...said].join(", then ")}, in part ${at}.`;
    const own = (name: string, as: Mention["kind"]) => mention(chunkId(id, 0), key(name), as, name);
    const [first, second] = said;
    const graph: DocumentGraph = {
      mentions: [own(title, "title"), ...said.map((name) => own(name, "body"))],
      links: pointsAt.map((target) => link(chunkId(id, 0), `page-${target}`)),
      assertions: first && second ? [assertion(chunkId(id, 0), key(first), key(second))] : [],
    };
    const metadata = { kind, access: kind === "hidden" ? ["boss"] : ["clerk", "boss"] };
    return versionOf({ id, title, parts: [text], metadata, graph });
  });
}

const nothing: DocumentGraph = { mentions: [], links: [], assertions: [] };

/** What a caller is shown by everything that follows the graph. */
function views(store: Store) {
  const embedder = wordEmbedder({ dimensions: contractIdentity.dimensions });
  const thread = communityThread();
  const ports = {
    store,
    embedder,
    reranker: null,
    graph: graphLeg(store, (text) => englishAnalyzer().analyze(text)),
    collection: collectionCommunities(store.graph, thread),
    now: () => 0,
    background: () => undefined,
  };
  const { signal } = new AbortController();
  async function searches(scope: Scope, within: Filter | null) {
    const found = [];
    for (const mode of ["mix", "local", "global"] satisfies readonly Mode[]) {
      for (const query of ["Which of them made Delft with Ada Byron?", "eve", "Who is in the part of Baron Zorn?"]) {
        const request = { query, mode, top_k: 20, session_id: null, filter: within, explain: true };
        const { timings_ms: _, ...rest } = await search(ports, scope, request, defaultQuerySettings);
        found.push(rest);
      }
    }
    return found;
  }
  async function questions(scope: Scope) {
    const settled = <Value>(asked: Promise<Value>) => asked.catch((error: Error) => error.message);
    const told: unknown[] = [];
    for (const name of names) told.push(await settled(entityPage(store, scope, name, 20)));
    for (const to of names) told.push(await settled(evidencePath(store, scope, { from: names[0]!, to })));
    for (const format of ["json", "graphml"] as const)
      for await (const piece of exportGraph(store.graph, scope, format)) told.push(piece);
    return told;
  }
  const themes = (scope: Scope, within: Filter | null) =>
    collectionThemes(ports, scope, { filter: within, limit: 10, deadline_ms: 60_000 }, signal);
  return { searches, questions, themes, close: () => thread.close() };
}

async function putAll(store: Store, tenant: string, versions: readonly DocumentVersion[]): Promise<void> {
  for (const version of versions) await store.documents.put(ownerScope(tenant), version);
}

async function opened(engine: "embedded" | "MongoDB"): Promise<{ store: Store; close(): Promise<void> }> {
  if (engine === "MongoDB") {
    const server = await startMongoServer({ profile: "atlas" });
    const store = await openMongoStore({ uri: server.uri, database: "seen" });
    return { store, close: () => store.close().then(() => server.close()) };
  }
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-seen-"));
  const store = await openEmbeddedStore({ directory });
  return { store, close: () => store.close().then(() => rm(directory, { recursive: true })) };
}

for (const engine of ["embedded", "MongoDB"] as const)
  test(`${engine}: hidden passages change no byte of what searches, pages, paths, themes and exports show`, async (t) => {
    const { store, close } = await opened(engine);
    const shown = views(store);
    t.after(() => shown.close());
    t.after(close);
    await store.prepare(contractIdentity);
    let tenants = 0;
    let followed = 0;
    const example = async (pages: readonly Page[]) => {
      const versions = versionsOf(pages);
      const isRead = ({ document }: DocumentVersion) => document.metadata["kind"] !== "hidden";
      const isIn = ({ document }: DocumentVersion) =>
        matches(filter, { document_id: document.document_id, metadata: document.metadata });
      const open = new Set(versions.filter(isIn).flatMap(({ chunks }) => chunks.map(({ chunk_id }) => chunk_id)));
      const nameless = versions.map((version) => (isRead(version) ? version : { ...version, graph: nothing }));
      tenants += 1;
      const tenant = (name: string) => `${name}-${tenants}`;
      await putAll(store, tenant("whole"), versions);
      await putAll(store, tenant("nameless"), nameless);
      await putAll(store, tenant("read"), versions.filter(isRead));
      await putAll(store, tenant("in"), versions.filter(isIn));
      await store.settle();
      const whole = clerk(tenant("whole"));
      const searched = await shown.searches(whole, null);
      followed += searched.flatMap(({ results }) => results).filter(({ path }) => path !== undefined).length;
      // The server adds up scores in whatever order rows come.
      assertClose(searched, await shown.searches(clerk(tenant("nameless")), null), engine === "MongoDB" ? 1e-9 : 0);
      for (const { results } of await shown.searches(whole, filter)) {
        const seen = results.flatMap((hit) => [hit.chunk_id, ...(hit.path ? [hit.path.from_chunk_id] : [])]);
        assert.ok(seen.every((id) => open.has(id)));
      }
      assert.deepEqual(await shown.questions(whole), await shown.questions(clerk(tenant("read"))));
      assert.deepEqual(await shown.themes(whole, null), await shown.themes(clerk(tenant("read")), null));
      assert.deepEqual(await shown.themes(whole, filter), await shown.themes(clerk(tenant("in")), filter));
    };
    await fc.assert(fc.asyncProperty(randomPages(), example), { numRuns: 4 });
    assert.ok(followed > 10, `${followed} passages were reached over links`);
  });
