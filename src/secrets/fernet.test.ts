import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "../secret.ts";
import { decryptFernet, encryptFernet, newFernetKey } from "./fernet.ts";

/** From github.com/fernet/spec: generate.json and verify.json. */
const specKey = new Secret("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
const specToken =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const specNow = Date.parse("1985-10-26T01:20:00-07:00") / 1000;

test("writes the specification's token", () => {
  const iv = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
  assert.equal(encryptFernet("hello", specKey, { now: specNow, iv }), specToken);
});

test("reads the specification's token within its time to live, with and without padding", () => {
  const options = { ttlSeconds: 60, now: specNow + 1 };
  assert.equal(decryptFernet(specToken, [specKey], options), "hello");
  assert.equal(decryptFernet(specToken.replaceAll("=", ""), [specKey], options), "hello");
  assert.throws(() => decryptFernet(specToken, [specKey], { ttlSeconds: 60, now: specNow + 61 }), /expired/);
  assert.throws(() => decryptFernet(specToken, [specKey], { ttlSeconds: 60, now: specNow - 61 }), /future/);
});

test("any text comes back, by any of several keys", () =>
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const keys = [new Secret(newFernetKey()), new Secret(newFernetKey())];
      assert.equal(decryptFernet(encryptFernet(text, keys[1]!), keys), text);
    }),
    { numRuns: 50 },
  ));

test("whatever is changed in a token, it is refused, and the message shows neither key nor text", () => {
  const key = new Secret(newFernetKey());
  const token = Buffer.from(encryptFernet("a secret text", key), "base64url");
  fc.assert(
    fc.property(fc.nat({ max: token.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const other = Buffer.from(token);
      other[at]! ^= change;
      assert.throws(
        () => decryptFernet(other.toString("base64url"), [key]),
        (error: Error) => !error.message.includes(key.reveal()) && !error.message.includes("secret text"),
      );
    }),
  );
  for (const text of ["", "gAAAAA", "not a token at all, but long enough to be one ".repeat(4)])
    assert.throws(() => decryptFernet(text, [key]), { code: "invalid_config" });
  assert.throws(() => decryptFernet(token.toString("base64url"), [new Secret(newFernetKey())]), /ENCRYPTION_KEY/);
  assert.throws(() => encryptFernet("x", new Secret("too-short")), /32 bytes/);
});

test("agrees with Python's cryptography in both directions", (t) => {
  if (spawnSync("python3", ["-c", "from cryptography.fernet import Fernet"]).status !== 0)
    return t.skip("python3-cryptography is not installed here");
  const key = newFernetKey();
  const text = "Schlüssel 鍵 🔑";
  const run = (code: string, input: string): string =>
    execFileSync(
      "python3",
      ["-c", `import sys\nfrom cryptography.fernet import Fernet\nf = Fernet(${JSON.stringify(key)})\n${code}`],
      {
        input,
        encoding: "utf8",
        env: { PYTHONIOENCODING: "utf-8", PATH: "/usr/bin:/bin" },
      },
    );
  assert.equal(
    run("print(f.decrypt(sys.stdin.read().encode()).decode(), end='')", encryptFernet(text, new Secret(key))),
    text,
  );
  assert.equal(
    decryptFernet(run("print(f.encrypt(sys.stdin.read().encode()).decode())", text), [new Secret(key)]),
    text,
  );
});
