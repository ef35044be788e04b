import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { HybridRAGError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { awsSecretsStandin } from "../testing/standins/aws-secrets.ts";
import { crc32c as slowCrc32c, gcpSecretsStandin } from "../testing/standins/gcp-secrets.ts";
import { crc32c } from "./crc32c.ts";
import {
  awsSource,
  environmentSource,
  gcpSource,
  newFernetKey,
  secretChain,
  secretFile,
  type SecretSource,
} from "./index.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const key = (): Secret => new Secret(newFernetKey());

test("the file holds what was set, for its owner alone, unreadable without the key", () =>
  inFolder(async (folder) => {
    const path = join(folder, "deep", "secrets");
    const keys = [key()];
    const file = secretFile({ path, keys });
    assert.equal(await file.get("VOYAGE_API_KEY"), null);
    await Promise.all([file.set("VOYAGE_API_KEY", new Secret("pa-one")), file.set("OTHER", new Secret("two"))]);
    assert.equal((await secretFile({ path, keys }).get("VOYAGE_API_KEY"))?.reveal(), "pa-one");
    assert.deepEqual(await file.list(), ["OTHER", "VOYAGE_API_KEY"]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.ok(!(await readFile(path, "utf8")).includes("VOYAGE"));
    assert.deepEqual([await file.delete("OTHER"), await file.delete("OTHER")], [true, false]);
    assert.deepEqual(await readdir(join(folder, "deep")), ["secrets"]);
    await assert.rejects(secretFile({ path, keys: [key()] }).get("OTHER"), { code: "invalid_config" });
    await assert.rejects(secretFile({ path, keys: [] }).get("OTHER"), /ENCRYPTION_KEY is not set/);
  }));

test("a file that others may read, or that is a link, is refused", () =>
  inFolder(async (folder) => {
    const path = join(folder, "secrets");
    const keys = [key()];
    await secretFile({ path, keys }).set("A", new Secret("a"));
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(path, mode);
      await assert.rejects(secretFile({ path, keys }).get("A"), /others may read it.*chmod 600/);
    }
    await chmod(path, 0o600);
    await symlink(path, join(folder, "link"));
    await assert.rejects(secretFile({ path: join(folder, "link"), keys }).get("A"), /not a regular file/);
  }));

test("rotation writes all under the new key and leaves the old one useless", () =>
  inFolder(async (folder) => {
    const path = join(folder, "secrets");
    const [old, next] = [key(), key()];
    const file = secretFile({ path, keys: [old] });
    await file.set("A", new Secret("a"));
    await file.rotate(next);
    await file.set("B", new Secret("b"));
    assert.deepEqual(await secretFile({ path, keys: [next] }).list(), ["A", "B"]);
    await assert.rejects(secretFile({ path, keys: [old] }).list());
  }));

test("AWS: a secret of its own, a key of a JSON secret, none, and a refusal that names the role's action", async () => {
  const json = JSON.stringify({ VOYAGE_API_KEY: "pa-json" });
  const standin = await awsSecretsStandin({
    secrets: { "app/ONE": "value", app: json, plain: "no json, but secret" },
    temporary: true,
  });
  const options = {
    endpoint: standin.url,
    region: "eu-central-1",
    credentials: {
      accessKeyId: standin.key,
      secretAccessKey: new Secret(standin.signer.secretAccessKey),
      sessionToken: new Secret(standin.signer.sessionToken!),
    },
  };
  try {
    const own = awsSource({ ...options, place: { prefix: "app/", names: { TWO: "app#VOYAGE_API_KEY" } } });
    assert.equal((await own.get("ONE"))?.reveal(), "value");
    assert.equal((await own.get("TWO"))?.reveal(), "pa-json");
    assert.equal(await own.get("ABSENT"), null);
    assert.equal(
      (await awsSource({ ...options, place: { secret: "app" } }).get("VOYAGE_API_KEY"))?.reveal(),
      "pa-json",
    );
    await assert.rejects(
      awsSource({ ...options, place: { secret: "plain" } }).get("X"),
      (error: Error) => !error.message.includes("but secret"),
    );
    for (const change of [{ accessKeyId: "AKIAWRONG" }, { secretAccessKey: new Secret("x") }]) {
      const credentials = { ...options.credentials, ...change };
      await assert.rejects(awsSource({ ...options, credentials }).get("ONE"), /GetSecretValue/);
    }
  } finally {
    await standin.close();
  }
});

test("GCP: a secret, none, a wrong token, a damaged answer", async () => {
  const standin = await gcpSecretsStandin({ secrets: { VOYAGE_API_KEY: "pa-ß" } });
  const options = { project: "standin-project", endpoint: standin.url, fetch: globalThis.fetch };
  const accessToken = async (): Promise<Secret> => new Secret(standin.key);
  try {
    const source = gcpSource({ ...options, accessToken });
    assert.equal((await source.get("VOYAGE_API_KEY"))?.reveal(), "pa-ß");
    assert.equal(await source.get("ABSENT"), null);
    await assert.rejects(gcpSource({ ...options, accessToken: async () => new Secret("no") }).get("A"), {
      code: "invalid_config",
    });
    standin.faults.add({ kind: "status", status: 503 }, { kind: "malformed" });
    await assert.rejects(source.get("VOYAGE_API_KEY"), { code: "provider_failed" });
    await assert.rejects(source.get("VOYAGE_API_KEY"), { code: "provider_failed" });
    const damaged = async (): Promise<Response> => Response.json({ payload: { data: "YWJj", dataCrc32c: "1" } });
    await assert.rejects(gcpSource({ ...options, accessToken, fetch: damaged }).get("A"), /CRC-32C/);
  } finally {
    await standin.close();
  }
});

test("CRC-32C agrees with the slow version and with RFC 3720", () => {
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  for (const text of ["", "a", "123456789", "ß".repeat(100)])
    assert.equal(crc32c(Buffer.from(text)), slowCrc32c(Buffer.from(text)));
});

function counted(name: SecretSource["name"], answers: readonly (string | null | Error)[]) {
  let calls = 0;
  const source: SecretSource = {
    name,
    async get() {
      const answer = answers[Math.min(calls++, answers.length - 1)] ?? null;
      if (answer instanceof Error) throw answer;
      return answer === null ? null : new Secret(answer);
    },
  };
  return { source, calls: () => calls };
}

test("sources are asked in order; a value is remembered, and asked for once by many", async () => {
  let now = 0;
  const cloud = counted("aws", ["one", "two"]);
  const chain = secretChain({
    sources: [environmentSource({ B: "b", C: "" }), cloud.source],
    ttlMs: 1000,
    now: () => now,
  });
  assert.equal((await chain.get("B"))?.reveal(), "b");
  assert.equal(cloud.calls(), 0);
  const many = await Promise.all([chain.get("C"), chain.get("C"), chain.get("C")]);
  assert.deepEqual(
    many.map((secret) => secret?.reveal()),
    ["one", "one", "one"],
  );
  assert.deepEqual([cloud.calls(), await chain.origin("C")], [1, "aws"]);
  now = 1000;
  assert.equal((await chain.get("C"))?.reveal(), "two");
});

test("while a source is down the old value goes on; before the first, a later source may have it", async () => {
  const down = new HybridRAGError("provider_failed", "down");
  let now = 0;
  const problems: string[] = [];
  const flaky = counted("aws", ["one", down]);
  const chain = secretChain({
    sources: [flaky.source],
    ttlMs: 1,
    now: () => now++,
    onProblem: (name) => problems.push(name),
  });
  assert.equal((await chain.get("A"))?.reveal(), "one");
  now += 10;
  assert.equal((await chain.get("A"))?.reveal(), "one");
  assert.deepEqual(problems, ["aws"]);
  const dead = counted("aws", [down]);
  assert.equal((await secretChain({ sources: [dead.source, counted("file", ["f"]).source] }).get("A"))?.reveal(), "f");
  await assert.rejects(secretChain({ sources: [dead.source] }).get("A"), { message: "down" });
});

test("a refused key is looked up again, a key that another call has renewed is not", async () => {
  const cloud = counted("aws", ["old", "new"]);
  const apiKey = secretChain({ sources: [cloud.source] }).key("K", () => new Error("missing"));
  const old = await apiKey.get();
  assert.equal((await apiKey.get(old)).reveal(), "new");
  assert.equal((await apiKey.get(old)).reveal(), "new");
  assert.equal(cloud.calls(), 2);
  await assert.rejects(
    secretChain({ sources: [] })
      .key("K", () => new Error("missing"))
      .get(),
    /missing/,
  );
});

test("nothing that holds a secret prints it", async () => {
  const chain = secretChain({ sources: [environmentSource({ A: "hunter2hunter2" })] });
  const secret = await chain.get("A");
  assert.ok(!inspect({ secret, chain }, { depth: 9 }).includes("hunter2"));
});
