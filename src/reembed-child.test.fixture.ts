import { reembed } from "./ingest/reembed.ts";
import { identityOf, latter } from "./reembed-world.test.fixture.ts";
import { openEmbeddedStore } from "./stores/embedded/index.ts";

/** Embeds a data folder anew and tells of every call whose vectors were kept; the parent ends it at any moment. */
const store = await openEmbeddedStore({ directory: process.argv[2]! });
const shadow = await store.generations.shadow(identityOf(latter));
const small = { ...latter, limits: { items: 4, tokens: 1000, parallel: 1 } };
await reembed(shadow, small, identityOf(latter), {
  now: () => performance.now(),
  onProgress: ({ done }) => process.stdout.write(`kept ${done}\n`),
});
await shadow.close();
await store.close();
process.stdout.write("done\n");
