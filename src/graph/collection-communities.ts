import { LRUCache } from "lru-cache";
import type { Filter } from "../filter/filter.ts";
import type { GraphStore, PassageNames } from "../ports/graph-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import type { CollectionGroups } from "./collection-groups.ts";
import type { CommunityThread } from "./community-thread.ts";

/** The communities of everything that scope and filter let through, of which nothing else is part. */
export type CollectionCommunities = (
  scope: Scope,
  filter: Filter | null,
  options?: CallOptions,
) => Promise<CollectionGroups>;

/** Passages that are looked at; of a larger collection a fair sample, which the result says. */
const mostPassages = 100_000;

/** Views of collections that are remembered: a tenant, who asks, a filter. About half a megabyte each at most. */
const mostViews = 64;

/**
 * They are found when somebody asks, and found again when the graph has changed since. Whoever may read other passages
 * has communities of their own: a hidden passage cannot shape what another caller sees.
 */
export function collectionCommunities(graph: GraphStore, thread: CommunityThread): CollectionCommunities {
  const found = new LRUCache<string, CollectionGroups>({ max: mostViews });
  const running = new Map<string, Promise<CollectionGroups>>();

  /** Who gives up leaves the work to those who ask for the same, now or later. */
  function begun(work: string, view: string, names: PassageNames): Promise<CollectionGroups> {
    const groups = thread.find(names).finally(() => running.delete(work));
    running.set(work, groups);
    groups.then(
      (done) => found.set(view, done),
      () => undefined,
    );
    return groups;
  }

  return async (scope, filter, options) => {
    const { tenant, principals } = scope;
    const view = JSON.stringify([tenant, principals === "all" ? principals : principals.toSorted(), filter]);
    const before = found.get(view);
    // Everyone reads the graph as it is now.
    const request = { filter, limit: mostPassages, known: before?.revision ?? null };
    const names = await graph.passageNames(scope, request, options);
    if (names === null) return before!;
    const work = `${names.revision} ${view}`;
    return abortable(running.get(work) ?? begun(work, view, names), options?.signal);
  };
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  work.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
