import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerEvent } from "../../query/answer/answer-event.ts";
import type { Citation, Hit, HopPath } from "../../records.ts";
import type { Terminal } from "../terminal.ts";
import { printAnswer } from "./ask.ts";
import { pathInWords } from "./search.ts";

const path: HopPath = {
  from_chunk_id: "pads:0",
  from_title: "Brake pads",
  entity: "suppliers.html#dunmore",
  link: "hyperlink",
  sentence: "The supplier\nis Dunmore.",
  strength: 1,
};

function page(): { readonly terminal: Terminal; readonly lines: string[] } {
  const lines: string[] = [];
  const plain = (text: string) => text;
  const told = (text = "") => void lines.push(text);
  const ignored = () => undefined;
  const terminal = { json: ignored, line: told, write: told, note: told, status: ignored, bold: plain, dim: plain };
  return { terminal: { ...terminal, interactive: false }, lines };
}

async function* answer(): AsyncGenerator<AnswerEvent> {
  yield { type: "sources", question: "q", sources: [{ chunk_id: "suppliers:0", path } as Hit] };
  yield { type: "text-delta", text: "In Ketterhill. [1]" };
  const place = { marker: 1, chunk_id: "suppliers:0", title: "Suppliers", source: "suppliers.html", page: null };
  yield { type: "citation", citation: { ...place, heading_path: [], start: 0, end: 9 } as unknown as Citation };
}

test("an explained answer says of each citation over which link its passage came", async () => {
  const shown = async (explain: boolean) => {
    const { terminal, lines } = page();
    await printAnswer(answer(), terminal, { explain });
    return lines.filter((line) => line !== "");
  };
  const plain = ["In Ketterhill. [1]", "[1] Suppliers (suppliers.html, characters 0–9)"];
  const how = "    reached from “Brake pads” over “suppliers.html#dunmore” (hyperlink): The supplier is Dunmore.";
  assert.deepEqual([await shown(false), await shown(true)], [plain, [...plain, how]]);
});

test("a passage of the name itself, or of a community, was reached from nowhere else", () => {
  const own = { ...path, entity: "kestrel", sentence: "" };
  assert.equal(pathInWords({ ...own, link: "mention" }), "mentions “kestrel”");
  assert.equal(pathInWords({ ...own, link: "community" }), "of the community of “kestrel”");
});
