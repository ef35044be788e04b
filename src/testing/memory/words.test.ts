import assert from "node:assert/strict";
import { test } from "node:test";
import { englishAnalyzer } from "../../text/analyze.ts";
import { holdsPhrase, isOneEditApart, repairOf, vocabularyOf } from "./words.ts";

const tokens = (text: string) => englishAnalyzer().analyzeWithOffsets(text);

test("one edit is an insertion, deletion, replacement or swap of neighbours", () => {
  for (const other of ["kafkas", "kafk", "kafra", "akfka", "kakfa", "afka", "xkafka"]) {
    assert.ok(isOneEditApart("kafka", other), other);
    assert.ok(isOneEditApart(other, "kafka"), other);
  }
  for (const other of ["kafka", "kaf", "kfaka1", "akkfa", "kafkass", ""]) {
    assert.ok(!isOneEditApart("kafka", other), other);
  }
});

test("a word that no chunk has becomes the commonest near one, if it is long enough", () => {
  const vocabulary = vocabularyOf(
    ["broker", "broken breken", "broken breken", "broken breken", "cat 2018"].map(tokens),
  );
  assert.equal(repairOf(tokens("brokem")[0]!, vocabulary), "broken");
  assert.equal(repairOf(tokens("broker")[0]!, vocabulary), null);
  assert.equal(repairOf(tokens("bat")[0]!, vocabulary), null);
  assert.equal(repairOf(tokens("zebra")[0]!, vocabulary), null);
  assert.equal(repairOf(tokens("2019")[0]!, vocabulary), null);
});

test("a phrase stands word by word, with any words where it has stop words", () => {
  assert.ok(holdsPhrase(tokens("the bank of america failed"), tokens("bank of America")));
  assert.ok(holdsPhrase(tokens("red green blue"), tokens("green blue")));
  assert.ok(!holdsPhrase(tokens("bank america"), tokens("bank of america")));
  assert.ok(!holdsPhrase(tokens("red green blue"), tokens("red blue")));
  assert.ok(!holdsPhrase(tokens("red green"), tokens("green blue")));
});

test("typing errors in endings are repaired before words are stemmed", () => {
  assert.equal(
    repairOf(tokens("developmnet")[0]!, vocabularyOf([tokens("developments of development")])),
    "development",
  );
});
