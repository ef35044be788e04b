/** One worker thread: finds the communities of one collection after the other. */
import { parentPort } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import type { PassageNames } from "../ports/graph-store.ts";
import { collectionGroups, type CollectionGroups } from "./collection-groups.ts";

export interface CommunityRequest {
  readonly id: number;
  readonly names: PassageNames;
}

export type CommunityReply = { readonly id: number } & (
  | { readonly groups: CollectionGroups }
  | { readonly error: string }
);

if (parentPort !== null) {
  const port = parentPort;
  port.on("message", ({ id, names }: CommunityRequest) => port.postMessage(replyTo(id, names)));
}

function replyTo(id: number, names: PassageNames): CommunityReply {
  try {
    return { id, groups: collectionGroups(names) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
}
