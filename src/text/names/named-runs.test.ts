import assert from "node:assert/strict";
import { test } from "node:test";
import { namedRuns } from "./named-runs.ts";
import type { TaggedToken } from "./tagged-token.ts";

/** "word/TAG word/TAG" with single blanks; `~` instead of a blank glues a token to the one before, `|` is a wider gap. */
function tagged(marked: string): { readonly text: string; readonly tokens: readonly TaggedToken[] } {
  let text = "";
  const tokens = marked.split(/(?=[ ~])/).map((part) => {
    const [word, tag] = part.replace(/^[ ~]\|?/, "").split("/") as [string, string];
    if (part.startsWith(" ")) text += part.startsWith(" |") ? "   " : " ";
    const start = text.length;
    text += word;
    return { text: word, tag, start, end: text.length };
  });
  return { text, tokens };
}

const isWord = (word: string): boolean => ["museum", "uke", "green"].includes(word);

const cases: readonly (readonly [name: string, marked: string, names: readonly string[]])[] = [
  ["joins proper nouns", "I/PRON met/VERB Peter/PROPN Jackson/PROPN today/NOUN", ["Peter Jackson"]],
  [
    "joins over linkers, with an article after of",
    "the/DET University/PROPN of/ADP California/PROPN and/CCONJ Lord/PROPN of/ADP the/DET Rings/PROPN",
    ["University of California", "Lord of the Rings"],
  ],
  [
    "parts at of where a name of several words ends in no known one",
    "Harald/PROPN Nygaard/PROPN of/ADP the/DET Polar/PROPN Frost/PROPN",
    ["Harald Nygaard", "Polar Frost"],
  ],
  ["keeps of behind a kind of thing", "National/PROPN Museum/PROPN of/ADP Norway/PROPN", ["National Museum of Norway"]],
  ["keeps of behind one word", "Duke/PROPN of/ADP Wellington/PROPN", ["Duke of Wellington"]],
  [
    "keeps of behind the plural of a known word",
    "Satanic/PROPN Ukes/PROPN of/ADP Dracula/PROPN",
    ["Satanic Ukes of Dracula"],
  ],
  ["ends a name at the gap between columns", "Delta/PROPN |Nevada/PROPN", ["Delta", "Nevada"]],
  ["does not end in a linker", "Bank/PROPN of/ADP course/NOUN", ["Bank"]],
  [
    "joins hyphens that touch both sides",
    "Jean/PROPN~-/PUNCT~Pierre/PROPN -/PUNCT Paris/PROPN",
    ["Jean-Pierre", "Paris"],
  ],
  ["joins an ampersand between names", "Procter/PROPN &/CCONJ Gamble/PROPN", ["Procter & Gamble"]],
  [
    "takes a capital inside a sentence for a part",
    "at/ADP Central/PROPN High/ADJ School/NOUN",
    ["Central High School"],
  ],
  ["takes a capital that the tagger does not know for a part", "the/DET Globe/PROPN Theatre/X", ["Globe Theatre"]],
  ["leaves the labels above a message out", "Subject/PROPN~:/PUNCT Ann/PROPN Lee/PROPN", ["Ann Lee"]],
  ["leaves calendar words at the ends out", "in/ADP January/PROPN Paris/PROPN May/PROPN", ["Paris"]],
  ["leaves a lone month or day out", "on/ADP Monday/PROPN in/ADP March/PROPN", []],
  ["leaves forms of address out", "met/VERB Dr./PROPN Merkel/PROPN", ["Merkel"]],
  ["leaves contractions before a name out", "I'm/PROPN Craig/PROPN Bell/PROPN", ["Craig Bell"]],
  ["takes a number that ends a name", "Apollo/PROPN 11/NUM landed/VERB", ["Apollo 11"]],
  ["leaves a count out", "sold/VERB Beatles/PROPN 12/NUM albums/NOUN", ["Beatles"]],
  ["leaves a year out", "in/ADP Athens/PROPN 2004/NUM ./PUNCT", ["Athens"]],
  ["leaves a possessive out", "at/ADP John's/PROPN door/NOUN", ["John"]],
  ["leaves names without a word of three letters out", "J./PROPN D./PROPN went/VERB to/ADP LA/PROPN", []],
  ["leaves lower-case words out, whatever the tagger says", "bitcoin/PROPN rose/VERB", []],
  ["leaves a line of capitals out", "BALANCE/PROPN SHEET/PROPN OF/ADP THE/DET COMPANY/PROPN", []],
  ["keeps an acronym in a sentence", "launched/VERB by/ADP NASA/PROPN in/ADP time/NOUN", ["NASA"]],
];
for (const [name, marked, names] of cases) {
  test(name, () => {
    const { text, tokens } = tagged(marked);
    assert.deepEqual(
      namedRuns(tokens, text, isWord).map(({ start, end }) => text.slice(start, end)),
      names,
    );
  });
}
