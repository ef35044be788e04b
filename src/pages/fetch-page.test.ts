import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { pageFetcher } from "./fetch-page.ts";

const limits = { maxBytes: 1000 };

async function served(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Names as no honest name server knows them. */
const names: Readonly<Record<string, readonly string[]>> = {
  "inside.example": ["10.0.0.7"],
  "half.example": ["93.184.216.34", "127.0.0.1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  localhost: ["127.0.0.1"],
};
const resolve = async (name: string): Promise<readonly LookupAddress[]> => {
  const found = names[name];
  if (found === undefined) throw new Error(`ENOTFOUND ${name}`);
  return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
};

const fetcher = (...allowed: string[]) => pageFetcher({ allowed, userAgent: "test", resolve });

test("goes nowhere but into the public internet, however the address is written", async () => {
  const hidden =
    "http://127.0.0.1/ http://[::1]/ http://[::ffff:127.0.0.1]/ http://2130706433/ http://0x7f.1/ http://017700000001/ " +
    "http://127.1/ http://0/ http://①②⑦.0.0.1/ http://localhost/ http://localhost./ http://169.254.169.254/latest/meta-data/ " +
    "http://10.0.0.1/ http://172.16.0.1/ http://192.168.1.1/ http://100.64.0.1/ http://198.18.0.1/ http://224.0.0.1/ " +
    "http://255.255.255.255/ http://[fd00::1]/ http://[fe80::1]/ http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/ " +
    "http://[2001:db8::1]/ http://[2001::1]/ http://[::]/ http://inside.example/ http://half.example/ " +
    "http://mapped.example/ https://inside.example/ http://example.com:22/ http://user:pw@example.com/ ftp://example.com/ " +
    "file:///etc/passwd";
  for (const one of hidden.split(" ")) {
    const work = fetcher()(new URL(one), limits);
    const expected = one.startsWith("http://localhost./") ? /provider_failed|unreadable/ : /unreadable/;
    await assert.rejects(work, (error: { code: string; message: string }) => {
      assert.match(error.code, expected, one);
      assert.ok(!/10\.0\.0\.7|pw@/.test(error.message), "where a name leads, and passwords, are not told");
      return true;
    });
  }
});

test("follows redirects, and checks each", async (t) => {
  const host = await served(t, (request, response) => {
    const target = {
      "/a": "/b",
      "/inside": "http://inside.example/",
      "/file": "file:///etc/passwd",
      "/round": "/round",
    };
    const location = target[request.url as keyof typeof target];
    if (location === undefined) response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("here");
    else response.writeHead(302, { location }).end();
  });
  const fetchPage = fetcher(host);
  const page = await fetchPage(new URL(`http://${host}/a`), limits);
  assert.deepEqual([Buffer.from(page.bytes).toString(), page.mime], ["here", "text/plain"]);
  for (const path of ["/inside", "/file"])
    await assert.rejects(fetchPage(new URL(`http://${host}${path}`), limits), { code: "unreadable" }, path);
  await assert.rejects(fetchPage(new URL(`http://${host}/round`), limits), { code: "provider_failed" });
});

test("connects to the address that was checked, not to what the name says later", async (t) => {
  const host = await served(t, (_request, response) => response.end("rebound"));
  const port = host.split(":")[1]!;
  let asked = 0;
  const rebinding = async () => [{ address: asked++ === 0 ? "127.0.0.1" : "10.0.0.7", family: 4 }];
  const fetchPage = pageFetcher({ allowed: [`rebind.example:${port}`], userAgent: "test", resolve: rebinding });
  const { bytes } = await fetchPage(new URL(`http://rebind.example:${port}/`), limits);
  assert.deepEqual([Buffer.from(bytes).toString(), asked], ["rebound", 1]);
});

test("says what is wrong with an answer, and stops at the limit of bytes", async (t) => {
  const host = await served(t, (request, response) => {
    if (request.url === "/large") response.end("x".repeat(2000));
    else if (request.url === "/zipped") response.writeHead(200, { "content-encoding": "gzip" }).end("x");
    else response.writeHead(Number(request.url!.slice(1))).end();
  });
  const codes = { "/large": "too_large", "/zipped": "provider_failed", "/404": "not_found", "/500": "provider_failed" };
  for (const [path, code] of Object.entries(codes))
    await assert.rejects(fetcher(host)(new URL(`http://${host}${path}`), limits), { code }, path);
  const gone = AbortSignal.abort(new Error("the caller went away"));
  await assert.rejects(fetcher(host)(new URL(`http://${host}/200`), { ...limits, signal: gone }), /went away/);
});
