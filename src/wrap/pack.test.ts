import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HybridRAGError } from "../errors.ts";
import { fakeEmbedder, vectorOf } from "./embedder.test.fixture.ts";
import { pack } from "./pack.ts";

test("whatever the texts and limits, every text has its own vector and no call passes a limit", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 60 }), { maxLength: 80 }),
      fc.record({
        items: fc.integer({ min: 1, max: 9 }),
        tokens: fc.integer({ min: 70, max: 400 }),
        parallel: fc.integer({ min: 1, max: 5 }),
      }),
      async (texts, limits) => {
        const embedder = fakeEmbedder(limits);
        const { vectors, tokens } = await pack(embedder).embed(texts, { kind: "document" });
        assert.deepEqual(vectors, texts.map(vectorOf));
        assert.equal(
          tokens,
          texts.reduce((sum, text) => sum + text.length, 0),
        );
        for (const { texts: sent } of embedder.calls)
          assert.ok(sent.length > 0 && sent.length <= limits.items && sent.join("").length <= limits.tokens);
      },
    ),
    { numRuns: 100 },
  ));

test("a call that the provider finds too large is halved, and the estimate learns from it", async () => {
  const embedder = fakeEmbedder({ tokens: 1000, ratio: 1.6 });
  const texts = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(100));
  const packed = pack(embedder);
  const { vectors } = await packed.embed(texts, { kind: "document" });
  assert.deepEqual(vectors, texts.map(vectorOf));
  const refused = (from: number): number =>
    embedder.calls.slice(from).filter(({ texts: sent }) => sent.join("").length * 1.6 > 1000).length;
  assert.equal(refused(0), 1);
  const before = embedder.calls.length;
  await packed.embed(texts, { kind: "document" });
  assert.equal(refused(before), 0);
});

test("one text that alone is too large fails, as does any other error, and cancels the rest", async () => {
  await assert.rejects(pack(fakeEmbedder({ tokens: 50, ratio: 9 })).embed(["a".repeat(60)], { kind: "document" }), {
    code: "too_large",
  });
  const signals: AbortSignal[] = [];
  const embedder = fakeEmbedder({
    items: 1,
    parallel: 2,
    before: async ([text], { signal }) => {
      if (text === "bad") throw new HybridRAGError("provider_failed", "down");
      signals.push(signal!);
    },
  });
  const texts = ["good", "bad", ...Array.from({ length: 50 }, () => "late")];
  await assert.rejects(pack(embedder).embed(texts, { kind: "document" }), { code: "provider_failed" });
  assert.ok(embedder.calls.length < 10);
  assert.ok(signals.every((signal) => signal.aborted));
});
