import type { CommandStartedEvent, MongoClient } from "mongodb";

/** What happens between the store and the server, for gauges and logs. No event holds a value of a query. */
export type MongoEvent =
  | {
      readonly type: "pool";
      readonly address: string;
      readonly connections: number;
      readonly checkedOut: number;
      readonly waiting: number;
    }
  | ({ readonly type: "slow-command" } & SlowCommand);

export interface SlowCommand {
  readonly command: string;
  readonly collection: string;
  /** The shape of the command: its names without its values. Equal shapes are equal text. */
  readonly fingerprint: string;
  readonly milliseconds: number;
  readonly failed: boolean;
}

export interface EventSettings {
  readonly onEvent: (event: MongoEvent) => void;
  /** Commands that take longer are told of. */
  readonly slowMs: number;
}

/** Reports every change of a pool, and every slow command. What listens may fail; the store does not notice. */
export function observeClient(client: MongoClient, { onEvent, slowMs }: EventSettings): void {
  const tell = (event: MongoEvent): void => {
    try {
      onEvent(event);
    } catch {
      // Telemetry never fails a request.
    }
  };
  observePools(client, (address, pool) => tell({ type: "pool", address, ...pool }));
  const started = new Map<number, CommandStartedEvent>();
  client.on("commandStarted", (event) => started.set(event.requestId, event));
  const ended = (requestId: number, milliseconds: number, failed: boolean): void => {
    const event = started.get(requestId);
    started.delete(requestId);
    if (!event || milliseconds <= slowMs) return;
    const { commandName: command } = event;
    const collection = typeof event.command[command] === "string" ? (event.command[command] as string) : "";
    tell({
      type: "slow-command",
      command,
      collection,
      fingerprint: fingerprintOf(event.command),
      milliseconds,
      failed,
    });
  };
  client.on("commandSucceeded", (event) => ended(event.requestId, event.duration, false));
  client.on("commandFailed", (event) => ended(event.requestId, event.duration, true));
}

/** Connections of one server, or of all. */
export interface PoolCounts {
  readonly connections: number;
  readonly checkedOut: number;
  readonly waiting: number;
}

const empty: PoolCounts = { connections: 0, checkedOut: 0, waiting: 0 };

/** Counts the connections to each server. @returns how many there are at all servers now. */
export function observePools(
  client: MongoClient,
  onChange: (address: string, pool: PoolCounts) => void,
): () => PoolCounts {
  const pools = new Map<string, PoolCounts>();
  const change = (address: string, by: Partial<PoolCounts>): void => {
    const pool = added(pools.get(address) ?? empty, { ...empty, ...by });
    pools.set(address, pool);
    onChange(address, pool);
  };
  client.on("connectionCreated", ({ address }) => change(address, { connections: 1 }));
  client.on("connectionClosed", ({ address }) => change(address, { connections: -1 }));
  client.on("connectionCheckOutStarted", ({ address }) => change(address, { waiting: 1 }));
  client.on("connectionCheckOutFailed", ({ address }) => change(address, { waiting: -1 }));
  client.on("connectionCheckedOut", ({ address }) => change(address, { waiting: -1, checkedOut: 1 }));
  client.on("connectionCheckedIn", ({ address }) => change(address, { checkedOut: -1 }));
  return () => [...pools.values()].reduce(added, empty);
}

const added = (a: PoolCounts, b: PoolCounts): PoolCounts => ({
  connections: a.connections + b.connections,
  checkedOut: a.checkedOut + b.checkedOut,
  waiting: a.waiting + b.waiting,
});

const aside = new Set([
  "lsid",
  "$db",
  "$clusterTime",
  "txnNumber",
  "autocommit",
  "startTransaction",
  "$readPreference",
]);
/** Levels that a fingerprint goes down. */
const maxDepth = 8;

function fingerprintOf(command: Readonly<Record<string, unknown>>): string {
  const shape = Object.entries(command).flatMap(([name, value]) =>
    aside.has(name) ? [] : [`${name}:${shapeOf(value, 0)}`],
  );
  return shape.join(",").slice(0, 500);
}

function shapeOf(value: unknown, depth: number): string {
  if (Array.isArray(value)) {
    const shapes = [...new Set(value.slice(0, 20).map((part) => shapeOf(part, depth + 1)))];
    return `[${shapes.join("|")}]`;
  }
  const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain || depth > maxDepth) return "?";
  const inner = Object.entries(value as object).map(([name, part]) => `${name}:${shapeOf(part, depth + 1)}`);
  return `{${inner.join(",")}}`;
}
