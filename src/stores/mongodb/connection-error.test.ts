import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createServer } from "node:tls";
import { isHybridRAGError, type ErrorCode } from "../../errors.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { isInstalled, selfSigned } from "../../testing/production/certificate.ts";
import { openMongoStore } from "./index.ts";

const server = await startMongoServer({ members: 3, users: [{ user: "app", password: "right%word", privileges: [] }] });
after(() => server.close());
const hosts = server.uri.replace(/^.*@|\/.*$/g, "");
const wait = "serverSelectionTimeoutMS=400";
const open = await startMongoServer({ members: 3 });
after(() => open.close());
const openHosts = open.uri.replace(/^mongodb:\/\/|\/.*$/g, "");

async function failure(uri: string): Promise<{ readonly code: ErrorCode; readonly message: string }> {
  const error = await openMongoStore({ uri }).then(
    async (store) => {
      try {
        await store.prepare(contractIdentity);
        const text = { query: "x" };
        await store.chunks.search(ownerScope("t"), { vector: null, text, filter: null, candidates: 5 });
        return assert.fail("it answered");
      } catch (thrown) {
        return thrown;
      } finally {
        await store.close();
      }
    },
    (thrown: unknown) => thrown,
  );
  assert.ok(isHybridRAGError(error), String(error));
  const shown = [error.message, error.stack, JSON.stringify(error), String((error.cause as Error | undefined)?.stack)];
  assert.doesNotMatch(shown.join("\n"), /hunter2secret/);
  return error;
}

const wrong: readonly (readonly [what: string, uri: string, code: ErrorCode, says: RegExp])[] = [
  [
    "no server",
    `mongodb://u:hunter2secret@127.0.0.1:9/?${wait}`,
    "store_unreachable",
    /ECONNREFUSED.*check host, port/,
  ],
  ["a host that is none", `mongodb://u:hunter2secret@no.such.invalid/?${wait}`, "store_unreachable", /check host/],
  [
    "a cluster that DNS does not know",
    `mongodb+srv://u:hunter2secret@no.such.invalid/?${wait}`,
    "store_unreachable",
    /DNS/,
  ],
  ["another replica set", `mongodb://${openHosts}/?replicaSet=other&${wait}`, "store_unreachable", /replica set other/],
  [
    "a user who is none",
    `mongodb://u:hunter2secret@${hosts}/?replicaSet=rs0&${wait}`,
    "store_credentials",
    /correct them/,
  ],
  [
    "a user without rights",
    `mongodb://app:right%25word@${hosts}/?replicaSet=rs0&${wait}`,
    "store_rights",
    /find on index_state.*hybridrag indexes roles/,
  ],
  [
    "TLS to a server without",
    `mongodb://${openHosts}/?replicaSet=rs0&tls=true&${wait}`,
    "store_tls",
    /may not speak TLS/,
  ],
  [
    "a read preference that nobody suits",
    `mongodb://${openHosts}/?replicaSet=rs0&readPreference=secondary&readPreferenceTags=dc:ny&${wait}`,
    "store_unreachable",
    /change its mode, tags/,
  ],
  [
    "a staleness below the least",
    `mongodb://${openHosts}/?replicaSet=rs0&readPreference=nearest&maxStalenessSeconds=1`,
    "invalid_config",
    /at least \d+ seconds/,
  ],
  ["an option that is none", `mongodb://u:hunter2secret@${openHosts}/?nosuch=1`, "invalid_config", /option nosuch/],
  [
    "a compressor that is none",
    `mongodb://u:hunter2secret@${openHosts}/?compressors=lz4`,
    "invalid_config",
    /lz4 is not a valid/,
  ],
  [
    "a certificate that is not there",
    `mongodb://CN%3Dclient@${openHosts}/?authMechanism=MONGODB-X509&tls=true&tlsCertificateKeyFile=/none.pem`,
    "invalid_config",
    /\/none\.pem.*ENOENT/,
  ],
  [
    "AWS IAM with a password",
    `mongodb://u:hunter2secret@${openHosts}/?authMechanism=MONGODB-AWS&authSource=%24external`,
    "invalid_config",
    /AWS SDK/,
  ],
  ["another scheme", "http://u:hunter2secret@h/", "invalid_config", /mongodb:\/\//],
  ["a password that is not escaped", "mongodb://u:hunter2secret@x@h/", "invalid_config", /cannot be used/],
];

for (const [what, uri, code, says] of wrong) {
  test(`${what}: ${code}, within the deadline and without the password`, async () => {
    const error = await failure(uri);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
  });
}

test("a certificate that nobody vouches for is told from a server that does not answer", async (t) => {
  if (!isInstalled("openssl")) return t.skip("openssl is not installed");
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-tls-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  selfSigned(folder, "cluster.example");
  const [key, cert] = await Promise.all(["privkey.pem", "fullchain.pem"].map((name) => readFile(join(folder, name))));
  const secure = createServer({ key: key!, cert: cert! }, (socket) => socket.end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => secure.once("listening", resolve));
  t.after(() => new Promise((resolve) => secure.close(resolve)));
  const { port } = secure.address() as AddressInfo;
  const error = await failure(`mongodb://u:hunter2secret@127.0.0.1:${port}/?tls=true&${wait}`);
  assert.equal(error.code, "store_tls");
  assert.match(error.message, /not trusted; name the authority by tlsCAFile/);
});
