import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { englishAnalyzer } from "./analyze.ts";

const analyzer = englishAnalyzer();
const terms = (text: string): string => analyzer.analyze(text).join(" ");

test("stems English words and leaves stop words out", () => {
  assert.equal(terms("The running of the bulls is not a race"), "run bull race");
});

test("counts the place of a stop word", () => {
  const positions = analyzer.analyzeWithOffsets("state of the art").map(({ term, position }) => [term, position]);
  assert.deepEqual(positions, [
    ["state", 0],
    ["art", 3],
  ]);
});

test("reads punctuation inside words as a reader would", () => {
  assert.equal(terms("U.S. e.g. U.S.A."), "us eg usa");
  assert.equal(terms("3.5 1,000 1,234,567 1.2.3 1,2"), "3.5 1000 1234567 1.2.3 1 2");
  assert.equal(terms("state-of-the-art node.js and/or vector_weight"), "state art node js vector weight");
  assert.equal(terms("John's don't O’Brien dogs' l'avion d’Artagnan"), "john dont obrien dog l avion d artagnan");
});

test("folds compatibility forms, case and accents of Latin and Greek", () => {
  assert.equal(terms("ﬁnance FINANCE Ｆｉｎａｎｃｅ"), "financ financ financ");
  assert.equal(terms("Café Zürich Straße Łódź"), "cafe zurich strass lodz");
  assert.equal(terms("Οδυσσεύς ΟΔΥΣΣΕΥΣ"), "οδυσσευσ οδυσσευσ");
  assert.equal(terms("йод"), "йод");
  assert.equal(terms("co\u00adoperate CO₂ Acme™ profit¹"), "cooper co2 acm profit 1");
});

test("keeps the vowel signs of scripts that write them as marks", () => {
  assert.equal(terms("हिन्दी"), "हिन्दी");
});

test("cuts scripts without spaces into pairs of characters", () => {
  assert.equal(terms("東京都"), "東京 京都");
  assert.equal(terms("山"), "山");
  assert.equal(terms("한국어 ｶﾀｶﾅ"), "한국 국어 カタ タカ カナ");
  assert.equal(terms("ไทย"), "ไท ทย");
  assert.equal(terms("𠮷野家"), "𠮷野 野家");
  assert.equal(terms("iPhoneを買う"), "iphon を買 買う");
});

test("stems as Snowball's sample vocabulary says", () => {
  const sample = `consign consigned:consign consignment:consign consist consistency:consist consistently:consist
    consolation:consol consolatory:consolatori console:consol consolidated:consolid consolingly:consol consonant:conson
    conspicuously:conspicu conspiracy:conspiraci conspirators:conspir constables:constabl constancy:constanc constant
    knackeries:knackeri knacks:knack knaves:knave kneaded:knead knees:knee knightly:knight knitted:knit knives:knive
    knocker knots:knot skies:sky dying:die early:earli generate:generat communities:communiti news`;
  for (const pair of sample.split(/\s+/)) {
    const [word = "", stem = word] = pair.split(":");
    assert.equal(terms(word), stem, word);
  }
});

/** Characters at which tokenisers go wrong. */
const trickyText = fc.string({
  unit: fc.constantFrom(..."aAsStTéßÉ019.,'’-_/ \n\u00a0\u00ad\u200d\u0301ﬁ²₂…東京ー々ｶﾞไทยี한𠮷𝒜йΣς", "don't", " the "),
  maxLength: 40,
});

test("gives offsets that hold the word and move forward", () => {
  fc.assert(
    fc.property(trickyText, (text) => {
      let before = { start: 0, end: 0, position: -1 };
      for (const token of analyzer.analyzeWithOffsets(text)) {
        assert.ok(token.start < token.end && token.end <= text.length);
        assert.ok(token.start >= before.start && token.end >= before.end && token.position > before.position);
        assert.ok(analyzer.analyze(text.slice(token.start, token.end)).includes(token.term), JSON.stringify(token));
        before = token;
      }
    }),
    { numRuns: 2000 },
  );
});

test("analyses a text and its compatibility form alike", () => {
  const text = fc.string({ unit: fc.constantFrom(..."abé.,' \u0301ﬁ₂…東ー々ｶﾞไทยี한𠮷𝒜Σ"), maxLength: 40 });
  fc.assert(fc.property(text, (raw) => assert.equal(terms(raw), terms(raw.normalize("NFKC")))));
});

test("forgets what it remembers without changing its mind", () => {
  const fresh = englishAnalyzer();
  const words = Array.from({ length: 70_000 }, (_, i) => `words${i.toString(26)}`).join(" ");
  assert.deepEqual(fresh.analyze(words).slice(0, 100), analyzer.analyze(words).slice(0, 100));
  assert.equal(fresh.analyze("running")[0], "run");
});
