import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { HybridRAGError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { decryptFernet, encryptFernet } from "./fernet.ts";
import type { SecretSource } from "./secret-source.ts";

export interface SecretFileOptions {
  readonly path: string;
  /** The first writes, all read. */
  readonly keys: readonly Secret[];
}

export interface SecretFile extends SecretSource {
  readonly name: "file";
  set(name: string, value: Secret): Promise<void>;
  /** False when there was none. */
  delete(name: string): Promise<boolean>;
  /** Names, never values. */
  list(): Promise<readonly string[]>;
  /** Writes all under another key; the old one is no longer needed afterwards. */
  rotate(key: Secret): Promise<void>;
}

const contents = z.record(z.string(), z.string());

/**
 * Secrets in one file, encrypted as one Fernet token. The file is readable by its owner alone (and refused otherwise)
 * and is replaced in one step, so that a crash leaves the old or the new one.
 */
export function secretFile({ path, keys }: SecretFileOptions): SecretFile {
  // Changes follow one another, or one would overwrite the other's.
  let last: Promise<unknown> = Promise.resolve();
  let writing = keys;
  const afterLast = <T>(change: () => Promise<T>): Promise<T> => {
    const result = last.then(change, change);
    last = result.catch(() => undefined);
    return result;
  };
  const read = (): Promise<Record<string, string>> => readSecrets(path, writing);
  const write = (secrets: Record<string, string>): Promise<void> => writeSecrets(path, writing, secrets);

  return {
    name: "file",
    async get(name) {
      const value = (await read())[name];
      return value === undefined ? null : new Secret(value);
    },
    set: (name, value) => afterLast(async () => write({ ...(await read()), [name]: value.reveal() })),
    delete: (name) =>
      afterLast(async () => {
        const { [name]: removed, ...kept } = await read();
        if (removed === undefined) return false;
        await write(kept);
        return true;
      }),
    list: async () => Object.keys(await read()).sort(),
    rotate: (key) =>
      afterLast(async () => {
        const secrets = await read();
        writing = [key];
        await write(secrets);
      }),
  };
}

async function readSecrets(path: string, keys: readonly Secret[]): Promise<Record<string, string>> {
  const status = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unusable(path, "it cannot be read", error);
  });
  if (status === null) return {};
  if (!status.isFile()) throw unusable(path, "it is not a regular file");
  if (process.platform !== "win32" && (status.mode & 0o077) !== 0)
    throw unusable(path, `others may read it (mode ${(status.mode & 0o777).toString(8)}); run \`chmod 600\` on it`);
  if (keys.length === 0) throw unusable(path, "ENCRYPTION_KEY is not set; `hybridrag secrets rotate` makes one");
  return contents.parse(JSON.parse(decryptFernet(await readFile(path, "utf8"), keys)));
}

async function writeSecrets(path: string, keys: readonly Secret[], secrets: Record<string, string>): Promise<void> {
  const [key] = keys;
  if (key === undefined) throw unusable(path, "ENCRYPTION_KEY is not set; `hybridrag secrets rotate` makes one");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomUUID()}.new`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(`${encryptFernet(JSON.stringify(secrets), key)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(beside, 0o600);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw unusable(path, "it cannot be written", error);
  }
}

const unusable = (path: string, why: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError("invalid_config", `The file of secrets ${path} cannot be used: ${why}.`, {
    details: { path },
    cause,
  });
