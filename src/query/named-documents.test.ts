import assert from "node:assert/strict";
import { test } from "node:test";
import { type KnownDocument, namedDocuments } from "./named-documents.ts";

const document = (id: string, cover = "", passages: readonly string[] = []): KnownDocument => ({
  id,
  names: [id],
  cover,
  passages,
});

/** The ids of those named best, as one text. */
function best(question: string, documents: readonly KnownDocument[]): string {
  const naming = namedDocuments(question, documents);
  const most = Math.max(...[...naming.values()].map(({ share }) => share));
  return [...naming].flatMap(([id, { share }]) => (most > 0 && share === most ? [id] : [])).join(", ");
}

test("an id names its document however its parts are joined", () => {
  const reports = ["BESTBUY_2022_10K", "BESTBUY_2023_10K", "AMCOR_2022_8K"].map((id) => document(id));
  assert.equal(best("Best Buy's margin in FY2023", reports), "BESTBUY_2023_10K");
  assert.equal(best("Best Buy's margin in FY22", reports), "BESTBUY_2022_10K");
  assert.equal(best("the 8-K that Amcor filed", reports), "AMCOR_2022_8K");
  assert.equal(best("best of all", reports), "");
  const { words } = namedDocuments("Best Buy: FY2023 at Best Buy", reports).get("BESTBUY_2023_10K")!;
  assert.deepEqual(words.toSorted(), ["2023", "best buy"]);
});

test("the fewer documents a word names the more it counts", () => {
  const manuals = ["press 210", "press 310", "press 410"].map((id) => document(id));
  assert.equal(best("oil of the press 310", manuals), "press 310");
});

test("documents whose ids tell nothing are named by their first pages", () => {
  const contracts = [
    document("9c5b94b1-35ad-49bb-b118-8e8fc24abf80", "AGREEMENT between Arden Ltd and Oslow Freight, 3 May 2019"),
    document("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "AGREEMENT between Arden Ltd and Oslow Freight, 9 June 2021"),
    document("7d444840-9dc0-11d1-b245-5ffdce74fad2", "AGREEMENT between Arden Ltd and Pendry Optics, 2 May 2021"),
  ];
  assert.equal(best("notice in Oslow's agreement of 2021", contracts), contracts[1]!.id);
  assert.equal(best("notice in the agreement", contracts), contracts.map(({ id }) => id).join(", "));
});

test("a subject that stands on one first page and in the passages of all documents names none", () => {
  const minutes = [
    document("a", "Parks of Halden. 1. Playground", ["playground of Mill Lane", "trees"]),
    document("b", "Parks of Tarrow. 1. Trees", ["the playground again", "trees"]),
    document("c", "Parks of Wexcombe. 1. Lamps", ["a playground", "lamps"]),
  ];
  assert.equal(best("What of the playground in Tarrow?", minutes), "b");
});

test("of documents that are named alike the latest is meant where the question says so", () => {
  const filings = ["2022 Q3 AAPL", "2023 Q1 AAPL", "2023 Q2 AAPL", "2023 Q2 MSFT"].map((id) => document(id));
  assert.equal(best("AAPL sales in the most recent quarter", filings), "2023 Q2 AAPL");
  assert.equal(best("AAPL sales", filings), "2022 Q3 AAPL, 2023 Q1 AAPL, 2023 Q2 AAPL");
  const isLatest = [...namedDocuments("latest AAPL", filings).values()].map((naming) => naming.isLatest);
  assert.deepEqual(isLatest, [false, false, true, false]);
  const leases = [
    document("x1", "LEASE with Kelmar of March 3, 2019"),
    document("x2", "LEASE with Kelmar of 12 November 2019"),
    document("x3", "LEASE with Brackwell of 1 May 2020"),
    document("x4", "LEASE with Brackwell of 1 May 2018"),
  ];
  assert.equal(best("rent in the latest lease with Kelmar", leases), "x2");
});

test("of several years that are compared the last says which report is meant", () => {
  const reports = ["2019", "2020", "2021"].map((year) => document(`Orlane ${year}`));
  assert.equal(best("change of Orlane's debt from 2019 to 2021", reports), "Orlane 2021");
});

test("words of any script name documents, and part of a word does not", () => {
  const reports = [document("a", "Отчёт Альфа"), document("b", "Отчёт Бета"), document("c", "Отчёт Альфабет")];
  assert.equal(best("выручка Бета", reports), "b");
  assert.equal(best("Альфа", reports), "a");
});
