import type { Context } from "./context.ts";
import { roleFor, type Role } from "./roles.ts";

/** How this process gets into the cluster, and what it may do there. */
export interface AccessReport {
  readonly tls: boolean;
  /** Null: the server asks for no credentials. */
  readonly user: string | null;
  /** Rights that the operator's role, the widest of ours, does not have: `database.collection: actions`. */
  readonly excess: readonly string[];
  readonly retries: { readonly reads: boolean; readonly writes: boolean };
  readonly milliseconds: { readonly call: number; readonly connect: number; readonly socket: number };
  readonly pool: { readonly most: number; readonly least: number };
}

interface Privilege {
  readonly resource: { readonly db?: string; readonly collection?: string; readonly anyResource?: boolean };
  readonly actions: readonly string[];
}

/** Rights that every signed-in user has or that only let one see. */
const harmless = /^(?:changeOwn|killCursors|connPoolSync|find$|list|collStats|dbStats|dbHash|indexStats|planCacheRead)/;

export async function describeAccess({ client, db, timeoutMs }: Context): Promise<AccessReport> {
  const status = await client.db("admin").command({ connectionStatus: 1, showPrivileges: true });
  const info = status["authInfo"] as {
    readonly authenticatedUsers: readonly { readonly user: string }[];
    readonly authenticatedUserPrivileges?: readonly Privilege[];
  };
  const { tls, retryReads, retryWrites, connectTimeoutMS, socketTimeoutMS, maxPoolSize, minPoolSize } = client.options;
  return {
    tls: tls === true,
    user: info.authenticatedUsers[0]?.user ?? null,
    excess: excessOf(info.authenticatedUserPrivileges ?? [], roleFor("operator", db.databaseName)),
    retries: { reads: retryReads !== false, writes: retryWrites !== false },
    milliseconds: { call: timeoutMs, connect: connectTimeoutMS, socket: socketTimeoutMS },
    pool: { most: maxPoolSize, least: minPoolSize },
  };
}

function excessOf(held: readonly Privilege[], role: Role): readonly string[] {
  return held.flatMap(({ resource, actions }) => {
    const needed = role.privileges.find(
      (one) => one.resource.db === resource.db && one.resource.collection === resource.collection,
    );
    const more = actions.filter((action) => !needed?.actions.includes(action) && !harmless.test(action));
    if (more.length === 0) return [];
    const where = resource.anyResource
      ? "everything"
      : `${resource.db || "any database"}.${resource.collection || "*"}`;
    return [`${where}: ${more.join(", ")}`];
  });
}
