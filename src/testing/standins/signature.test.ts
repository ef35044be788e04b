import assert from "node:assert/strict";
import { test } from "node:test";
import type { StandinCall } from "./server.ts";
import { checkSignature } from "./signature.ts";

/** `get-vanilla-query-order-key-case` of the test suite that AWS published for Signature Version 4. */
const vanilla: StandinCall = {
  method: "GET",
  path: "/",
  query: new URLSearchParams("Param2=value2&Param1=value1"),
  headers: {
    host: "example.amazonaws.com",
    "x-amz-date": "20150830T123600Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  text: "",
  body: undefined,
};
const signer = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
};
const service = { region: "us-east-1", service: "service", now: Date.parse("2015-08-30T12:37:00Z") };
const refusal = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

test("agrees with the published example, and with nothing that differs from it in one thing", () => {
  checkSignature(vanilla, signer, service);
  const changed = (change: Partial<StandinCall>): StandinCall => ({ ...vanilla, ...change });
  for (const call of [
    changed({ text: "x" }),
    changed({ method: "POST" }),
    changed({ path: "/a" }),
    changed({ query: new URLSearchParams("Param1=value1") }),
    changed({ headers: { ...vanilla.headers, host: "example.com" } }),
    changed({ headers: { ...vanilla.headers, "x-amz-target": "unsigned" } }),
  ])
    assert.throws(() => checkSignature(call, signer, service), refusal("InvalidSignatureException"));
  const later = { ...service, now: service.now + 600_000 };
  assert.throws(() => checkSignature(vanilla, signer, later), refusal("InvalidSignatureException"));
  const elsewhere = { ...service, region: "eu-central-1" };
  assert.throws(() => checkSignature(vanilla, signer, elsewhere), refusal("InvalidSignatureException"));
  const other = { ...signer, secretAccessKey: "another" };
  assert.throws(() => checkSignature(vanilla, other, service), refusal("InvalidSignatureException"));
  const temporary = { ...signer, sessionToken: "token" };
  assert.throws(() => checkSignature(vanilla, temporary, service), refusal("UnrecognizedClientException"));
});
