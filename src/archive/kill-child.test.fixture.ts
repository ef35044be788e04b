import { ownerScope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { exportArchive, importArchive, type ArchiveCounts } from "./index.ts";

/** Exports or imports, and is killed by itself once so many documents are done: no handler runs, nothing is closed. */
const [doing, place = "", path = "", after] = process.argv.slice(2);
const store = place.startsWith("mongodb://")
  ? await openMongoStore({ uri: place })
  : await openEmbeddedStore({ directory: place });
const onProgress = ({ documents }: ArchiveCounts): void => {
  if (documents >= Number(after)) process.kill(process.pid, "SIGKILL");
};
const options = { store, scope: ownerScope("acme"), path, onProgress };
if (doing === "export") await exportArchive({ ...options, memberLength: 2000 });
else await importArchive(options);
await store.close();
