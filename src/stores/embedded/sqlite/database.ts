import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { HybridRAGError } from "../../../errors.ts";
import { storeError } from "./store-error.ts";

export type SqlValue = string | number | null | Uint8Array;

/** The part of SQLite that the store uses; statements are prepared once and kept. */
export interface Database {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** What this connection keeps beside its statements: made by this function when it is first asked for. */
  kept<Value>(make: () => Value): Value;
  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[];
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  each<Row>(sql: string, ...values: readonly SqlValue[]): Iterable<Row>;
  /** Changes a statement made, and the integer key of the last row it inserted. */
  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number; readonly key: number };
  /** Statements without results or values. */
  execute(sql: string): void;
  /** Commits what `work` wrote, or nothing of it when it throws. */
  transaction<T>(mode: "read" | "write", work: () => T): T;
  /** A part of a transaction that is undone alone when it throws. */
  savepoint<T>(work: () => T): T;
  /** Whether a transaction is open: an error may have undone it. */
  isInTransaction(): boolean;
  close(): void;
}

export interface DatabaseOptions {
  readonly path: string;
  readonly readOnly: boolean;
  /** `full` syncs every commit to the disk; `normal` syncs at checkpoints, so only a power cut can lose the newest. */
  readonly durability: "normal" | "full";
}

/** The first version in which a checkpoint cannot race a writer and lose pages (https://sqlite.org/wal.html). */
const oldestSqlite = "3.51.3";

/** @throws HybridRAGError `invalid_config` on a Node whose SQLite has the bug that loses pages in WAL mode. */
export function refuseOldSqlite(version: string | undefined): void {
  const found = (version ?? "0").split(".").map(Number);
  const order = oldestSqlite
    .split(".")
    .map((part, index) => (found[index] ?? 0) - Number(part))
    .find((difference) => difference !== 0);
  if ((order ?? 0) >= 0) return;
  throw new HybridRAGError(
    "invalid_config",
    `This Node brings SQLite ${version ?? "none"}, which can lose data; SQLite ${oldestSqlite} or newer is needed. ` +
      "Use Node 22.23 or newer, or Node 24.21 or newer.",
    { details: { sqlite: version ?? null, oldest: oldestSqlite } },
  );
}

/** @throws HybridRAGError `store_failed` or `data_damaged` when the file cannot be opened. */
export function openDatabase(options: DatabaseOptions): Database {
  const connection = open(options);
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    const statement = connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const keeping = new Map<() => unknown, unknown>();
  const undoable = <T>(begin: string, commit: string, rollback: string, work: () => T): T => {
    prepared(begin).run();
    try {
      const result = work();
      prepared(commit).run();
      return result;
    } catch (error) {
      // A full disk or an I/O error may already have rolled everything back.
      if (connection.isTransaction) connection.exec(rollback);
      throw error;
    }
  };
  return {
    path: options.path,
    isReadOnly: options.readOnly,
    kept: <Value>(make: () => Value) => {
      if (!keeping.has(make)) keeping.set(make, make());
      return keeping.get(make) as Value;
    },
    all: <Row>(sql: string, ...values: readonly SqlValue[]) => prepared(sql).all(...bind(values)) as Row[],
    get: <Row>(sql: string, ...values: readonly SqlValue[]) => prepared(sql).get(...bind(values)) as Row | undefined,
    each: <Row>(sql: string, ...values: readonly SqlValue[]) =>
      connection.prepare(sql).iterate(...bind(values)) as Iterable<Row>,
    run: (sql, ...values) => {
      const { changes, lastInsertRowid } = prepared(sql).run(...bind(values));
      return { changes: Number(changes), key: Number(lastInsertRowid) };
    },
    execute: (sql) => connection.exec(sql),
    transaction: (mode, work) => undoable(mode === "write" ? "BEGIN IMMEDIATE" : "BEGIN", "COMMIT", "ROLLBACK", work),
    savepoint: (work) => undoable("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part; RELEASE part", work),
    isInTransaction: () => connection.isTransaction,
    close: () => connection.close(),
  };
}

/** A log that grew during a long read is cut back to 64 MiB afterwards. */
const logLimit = "PRAGMA journal_size_limit = 67108864;";

const bind = (values: readonly SqlValue[]): SQLInputValue[] => values as SQLInputValue[];

/**
 * Whether nobody's changes are expected: the folder may not be written and no log lies beside the file. SQLite could
 * not make the files there that readers and a writer share.
 */
function isFrozen(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch {
    return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  }
}

/** See https://sqlite.org/uri.html#uriimmutable. */
function frozenUrl(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return url;
}

function open({ path, readOnly, durability }: DatabaseOptions): DatabaseSync {
  try {
    const connection = new DatabaseSync(readOnly && isFrozen(path) ? frozenUrl(path) : path, {
      readOnly,
      timeout: 10_000,
    });
    if (!readOnly) connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}; ${logLimit}`);
    connection.exec(
      // No memory map: its pages would count as memory of the process, and the page cache of the system does as well.
      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA foreign_keys = OFF;",
    );
    return connection;
  } catch (error) {
    throw storeError(error);
  }
}
