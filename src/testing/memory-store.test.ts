import { openMemoryStore } from "./memory-store.ts";
import { storeContract } from "./contract/store-contract.ts";

storeContract({
  name: "memory",
  async open({ now }) {
    const store = openMemoryStore({ now });
    return { store, dispose: () => store.close() };
  },
});
