import assert from "node:assert/strict";
import { test } from "node:test";
import { withIdentifierWords } from "./identifier-words.ts";

test("identifiers are followed by the words that they are made of", () => {
  const behind = (text: string) => withIdentifierWords(text).slice(text.length).trim();
  assert.equal(behind("call `getUserName(itemId)`"), "get User Name item Id");
  assert.equal(behind("an HTTPServer and parseJSON"), "HTTP Server parse JSON");
  assert.equal(behind("retry2Times"), "retry 2 Times");
});

test("other words stay as they are", () => {
  for (const text of ["", "Storks nest on ROOFS.", "snake_case and kebab-case", "NASA's 3D", "l’Été", "PCs", "a 4K TV"])
    assert.equal(withIdentifierWords(text), text);
});
