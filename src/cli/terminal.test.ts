import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutControls } from "./terminal.ts";

test("what documents say to the terminal is not passed on, what people read is", () => {
  assert.equal(withoutControls("a\u001b]0;title\u0007b\u001b[2Jc\u009b1md\re"), "a]0;titleb[2Jc1mde");
  assert.equal(
    withoutControls("\u001b[1mbold\u001b[22m\ttab\nline – 漢字 👩‍👩‍👧"),
    "\u001b[1mbold\u001b[22m\ttab\nline – 漢字 👩‍👩‍👧",
  );
});
