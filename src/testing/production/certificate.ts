import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Whether a program is there to be started. */
export const isInstalled = (program: string): boolean => spawnSync(program, ["-v"]).error === undefined;

/**
 * Writes a certificate that is good for two days under the names that the configurations in `deploy/` have.
 * @returns the certificate itself, which clients shall trust.
 */
export function selfSigned(folder: string, host: string): string {
  const [key, certificate] = [join(folder, "privkey.pem"), join(folder, "fullchain.pem")];
  const name = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host},IP:127.0.0.1`, "-days", "2"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const made = spawnSync("openssl", ["req", ...kind, "-keyout", key, "-out", certificate, ...name]);
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${String(made.stderr)}`);
  const text = readFileSync(certificate, "utf8");
  writeFileSync(join(folder, "combined.pem"), text + readFileSync(key, "utf8"));
  return text;
}
