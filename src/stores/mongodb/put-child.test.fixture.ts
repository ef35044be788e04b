import { MongoClient } from "mongodb";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { atAngle, versionOf } from "../../testing/contract/examples.ts";
import { openMongoStore } from "./index.ts";

/** Puts one large version and kills itself once so many of its rows are stored: no handler runs, nothing is closed. */
const [uri = "", chunks, killAt] = process.argv.slice(2);
const store = await openMongoStore({ uri });
await store.prepare(contractIdentity);
const client = new MongoClient(uri);
const rows = client.db("hybridrag").collection("text_chunks");
const parts = Array.from({ length: Number(chunks) }, (_, index) => `walrus ${index}`);
const vectors = parts.map((_, index) => atAngle(index % 360));
const putting = store.documents.put(ownerScope("acme"), versionOf({ id: "big", parts, vectors }));
putting.catch(() => undefined);
while ((await rows.estimatedDocumentCount()) < Number(killAt)) await new Promise((resolve) => setTimeout(resolve, 5));
process.kill(process.pid, "SIGKILL");
