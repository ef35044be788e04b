import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";

/** When it returns, the file is durable; a crash before leaves no file of this name. */
export function writeDurably(path: string, pieces: Iterable<Uint8Array>): void {
  const part = `${path}.part`;
  const file = openSync(part, "w");
  try {
    for (const piece of pieces) {
      let at = 0;
      while (at < piece.length) at += writeSync(file, piece, at, piece.length - at);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}
