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
const move = doing === "export" ? exportArchive : importArchive;
await move({ store, scope: ownerScope("acme"), path, onProgress });
await store.close();
