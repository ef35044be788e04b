import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { HybridRAGError } from "../errors.ts";
import type { Secret } from "../secret.ts";

/**
 * Fernet tokens (github.com/fernet/spec), readable by every implementation of it: version 0x80, seconds since 1970 in
 * eight bytes, a 16-byte vector, AES-128-CBC with PKCS #7, HMAC-SHA-256 over all of that; base64url.
 */
export interface FernetOptions {
  /** Seconds since 1970. */
  readonly now?: number;
  readonly iv?: Buffer;
}

/** A new key: 32 random bytes, base64url with padding, of which the first half signs and the second encrypts. */
export const newFernetKey = (): string => withPadding(randomBytes(32));

export function encryptFernet(text: string, key: Secret, options: FernetOptions = {}): string {
  const { signing, encryption } = halves(key);
  const iv = options.iv ?? randomBytes(16);
  const head = Buffer.alloc(9);
  head[0] = 0x80;
  head.writeBigUInt64BE(BigInt(options.now ?? Math.floor(Date.now() / 1000)), 1);
  const cipher = createCipheriv("aes-128-cbc", encryption, iv);
  const body = Buffer.concat([head, iv, cipher.update(text, "utf8"), cipher.final()]);
  return withPadding(Buffer.concat([body, sign(body, signing)]));
}

/**
 * Decrypts by whichever key signed the token; several keys let an old one be read while the first writes.
 * @throws HybridRAGError `invalid_config` when no key fits, the token is damaged, or it is older than `ttlSeconds`.
 */
export function decryptFernet(
  token: string,
  keys: readonly Secret[],
  options: FernetOptions & { readonly ttlSeconds?: number } = {},
): string {
  const bytes = Buffer.from(token.trim(), "base64url");
  if (bytes.length < 73 || bytes[0] !== 0x80 || (bytes.length - 57) % 16 !== 0) throw damaged();
  const body = bytes.subarray(0, -32);
  const mac = bytes.subarray(-32);
  const key = keys.map(halves).find(({ signing }) => timingSafeEqual(sign(body, signing), mac));
  if (key === undefined) throw damaged();
  checkAge(Number(bytes.readBigUInt64BE(1)), options);
  const decipher = createDecipheriv("aes-128-cbc", key.encryption, bytes.subarray(9, 25));
  try {
    return Buffer.concat([decipher.update(body.subarray(25)), decipher.final()]).toString("utf8");
  } catch {
    throw damaged();
  }
}

/** The specification's allowance for clocks that disagree, in seconds. */
const clockSkew = 60;

function checkAge(written: number, options: FernetOptions & { readonly ttlSeconds?: number }): void {
  if (options.ttlSeconds === undefined) return;
  const now = options.now ?? Math.floor(Date.now() / 1000);
  if (written + options.ttlSeconds < now || written > now + clockSkew)
    throw new HybridRAGError("invalid_config", "A Fernet token has expired or is dated in the future.");
}

function halves(key: Secret): { readonly signing: Buffer; readonly encryption: Buffer } {
  const bytes = Buffer.from(key.reveal().trim(), "base64url");
  if (bytes.length !== 32)
    throw new HybridRAGError(
      "invalid_config",
      "ENCRYPTION_KEY must be 32 bytes in base64url; make one with `hybridrag secrets rotate`.",
      { details: { setting: "ENCRYPTION_KEY" } },
    );
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) };
}

const sign = (body: Buffer, key: Buffer): Buffer => createHmac("sha256", key).update(body).digest();

/** Other implementations insist on the padding. */
function withPadding(bytes: Buffer): string {
  const text = bytes.toString("base64url");
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

const damaged = (): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    "The secrets cannot be read: ENCRYPTION_KEY is not the one they were written with, or they are damaged.",
    {
      details: { setting: "ENCRYPTION_KEY" },
    },
  );
