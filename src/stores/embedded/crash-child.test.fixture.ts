import { openEmbeddedStore } from "./index.ts";
import { crashScope, crashVersion } from "./crash-corpus.test.fixture.ts";

/** Writes documents without end, printing each id once it is acknowledged; the parent ends it at any moment. */
const [directory, first] = process.argv.slice(2);
const store = await openEmbeddedStore({ directory: directory! });
for (let number = Number(first); ; number += 4) {
  const puts = [0, 1, 2, 3].map(async (offset) => {
    const version = crashVersion(number + offset);
    await store.documents.put(crashScope, version);
    process.stdout.write(`put ${number + offset}\n`);
  });
  await Promise.all(puts);
  // Every second round removes one again, so that deletions are cut short as well.
  if (number % 8 === 0) {
    await store.documents.delete(crashScope, crashVersion(number).document.document_id);
    process.stdout.write(`deleted ${number}\n`);
  }
}
