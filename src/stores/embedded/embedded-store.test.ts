import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "../../testing/index.ts";
import { openEmbeddedStore } from "./index.ts";

storeContract({
  name: "the embedded store",
  open: async ({ now }) => {
    const directory = await mkdtemp(join(tmpdir(), "hybridrag-embedded-"));
    const stores = [await openEmbeddedStore({ directory, now })];
    return {
      store: stores[0]!,
      reopen: async () => {
        stores.push(await openEmbeddedStore({ directory, now }));
        return stores.at(-1)!;
      },
      dispose: async () => {
        for (const store of stores) await store.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
});
