import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Peers are installed beside the results, by `npm run bench:install`, and never by the product. */
const peerFolder = join("bench", "package.json");

/** The module of a peer. @throws Error when it is not installed. */
export async function loadPeer<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(resolvePeer(name)).href)) as T;
}

const resolvePeer = (name: string): string => createRequire(join(process.cwd(), peerFolder)).resolve(name);

export function isInstalled(name: string): boolean {
  try {
    resolvePeer(name);
    return true;
  } catch {
    return false;
  }
}
