import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Refusal, type StandinCall } from "./server.ts";

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end; null for lasting ones. */
  readonly sessionToken: string | null;
}

export interface SignedService {
  readonly region: string;
  readonly service: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

const form =
  /^AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)\/(?<date>\d{8})\/(?<region>[\w-]+)\/(?<service>[\w-]+)\/aws4_request, ?SignedHeaders=(?<headers>[\w;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/;
const toleranceMs = 5 * 60_000;

/**
 * Computes the signature of a request anew, from the secret, and compares (Signature Version 4,
 * docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 * @throws Refusal as AWS refuses: no signature, an unknown signer, another region or service, old, or wrong.
 */
export function checkSignature(call: StandinCall, signer: Signer, expected: SignedService): void {
  const found = form.exec(call.headers["authorization"] ?? "")?.groups;
  if (found === undefined)
    throw new Refusal(400, "Request is missing Authentication Token", "MissingAuthenticationTokenException");
  const { id = "", date = "", region = "", service = "", headers = "", signature = "" } = found;
  const token = call.headers["x-amz-security-token"] ?? null;
  if (id !== signer.accessKeyId || token !== signer.sessionToken)
    throw new Refusal(400, "The security token included in the request is invalid.", "UnrecognizedClientException");
  if (region !== expected.region || service !== expected.service)
    throw wrong(`Credential should be scoped to a valid region and service, not '${region}/${service}'.`);
  const time = call.headers["x-amz-date"] ?? "";
  if (!time.startsWith(date) || Math.abs(timeOf(time) - expected.now) > toleranceMs)
    throw wrong(`Signature expired or not yet current: ${time}`);
  const names = headers.split(";");
  const unsigned = Object.keys(call.headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  if (unsigned.some((name) => !names.includes(name))) throw wrong("Host and all x-amz- headers must be signed.");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, hash(canonicalRequest(call, names))].join("\n");
  const key = [date, region, service, "aws4_request"].reduce<Buffer>(
    hmac,
    Buffer.from(`AWS4${signer.secretAccessKey}`),
  );
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, "hex")))
    throw wrong(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    );
}

const wrong = (message: string): Refusal => new Refusal(400, message, "InvalidSignatureException");
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function canonicalRequest(call: StandinCall, names: readonly string[]): string {
  const query = [...call.query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const headers = names.map((name) => `${name}:${(call.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  return [call.method, call.path, query, headers, names.join(";"), hash(call.text)].join("\n");
}

/** Everything but letters, digits and `-_.~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

/** `20261122T101500Z`. */
const timeOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
