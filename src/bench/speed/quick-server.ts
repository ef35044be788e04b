import { createHash } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { BSON, type Document } from "mongodb";

/** Commands that read: the same question has the same answer as long as nothing is written. */
const reads = new Set(["find", "aggregate", "getMore", "count"]);
/** What differs from one asking to the next. */
const ofTheCall = ["lsid", "$clusterTime", "txnNumber", "maxTimeMS", "readConcern"];
const headerBytes = 16;
const opMessage = 2013;

export interface QuickServer {
  /** At 127.0.0.1. */
  readonly port: number;
  /** From now on nothing is written any more, and what is read twice is answered from memory. */
  freeze(): void;
}

/**
 * Stands before a MongoDB server and, once it is frozen, answers every read that it has seen before from memory, after a
 * fixed time: what a store takes over a server that is so fast, whatever machine the server runs on.
 */
export async function quickServer(
  server: { readonly host: string; readonly port: number },
  delayMs: number,
  onRead: () => void,
): Promise<QuickServer> {
  const known = new Map<string, Buffer>();
  let isFrozen = false;
  const listening = createServer((client) => {
    client.setNoDelay(true);
    const upstream = connect(server.port, server.host).setNoDelay(true);
    const asked = new Map<number, string>();
    eachMessage(client, (message) => {
      const question = isFrozen ? questionOf(message) : null;
      const standing = question === null ? undefined : known.get(question);
      if (question !== null) onRead();
      if (standing) {
        const reply = Buffer.from(standing);
        reply.writeInt32LE(message.readInt32LE(4), 8);
        setTimeout(() => client.write(reply), delayMs);
        return;
      }
      if (question !== null) asked.set(message.readInt32LE(4), question);
      upstream.write(message);
    });
    eachMessage(upstream, (message) => {
      const question = asked.get(message.readInt32LE(8));
      if (question !== undefined) known.set(question, Buffer.from(message));
      asked.delete(message.readInt32LE(8));
      client.write(message);
    });
    client.on("close", () => upstream.destroy()).on("error", () => upstream.destroy());
    upstream.on("close", () => client.destroy()).on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as { readonly port: number };
  return { port, freeze: () => void (isFrozen = true) };
}

/** What is read, without what differs from call to call; null for other messages. */
function questionOf(message: Buffer): string | null {
  // One section of the body alone: documents to be written come in sections of their own.
  if (message.readInt32LE(12) !== opMessage || message[headerBytes + 4] !== 0) return null;
  const command: Document = BSON.deserialize(message.subarray(headerBytes + 5), { promoteValues: false });
  const [name] = Object.keys(command);
  if (name === undefined || !reads.has(name) || "startTransaction" in command) return null;
  for (const field of ofTheCall) delete command[field];
  return createHash("sha1").update(BSON.serialize(command)).digest("base64");
}

function eachMessage(socket: Socket, take: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= headerBytes && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}
