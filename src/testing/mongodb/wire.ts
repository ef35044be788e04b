import { deflateSync, inflateSync } from "node:zlib";
import { BSON, type Document as BsonDocument } from "bson";
import type { Doc } from "./value.ts";

/** One request out of the wire protocol: OP_MSG, or the OP_QUERY that older handshakes use. */
export interface Request {
  readonly requestId: number;
  readonly opcode: "msg" | "query";
  readonly command: Doc;
  /** The driver expects no answer (unacknowledged write). */
  readonly moreToCome: boolean;
  /** The driver takes one answer after the other to this one request: how it watches a server. */
  readonly exhaustAllowed: boolean;
  readonly compressed: boolean;
}

const opcodes = { reply: 1, query: 2004, compressed: 2012, msg: 2013 };
const headerBytes = 16;
const exhaustFlag = 1 << 16;
const moreToComeFlag = 2;
const maxMessageBytes = 48_000_000;

/** Cuts a stream of bytes into messages; keeps what is not complete yet. */
export class Framer {
  private pending: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): readonly Buffer[] {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    const messages: Buffer[] = [];
    while (this.pending.length >= headerBytes) {
      const length = this.pending.readInt32LE(0);
      if (length < headerBytes || length > maxMessageBytes) throw new Error(`a message of ${length} bytes`);
      if (this.pending.length < length) break;
      messages.push(this.pending.subarray(0, length));
      this.pending = this.pending.subarray(length);
    }
    return messages;
  }
}

const read = (bytes: Buffer): Doc => BSON.deserialize(bytes, { promoteBuffers: false }) as Doc;

export function parseRequest(message: Buffer): Request {
  const requestId = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  const body = message.subarray(headerBytes);
  if (opcode !== opcodes.compressed) return { requestId, compressed: false, ...parseBody(opcode, body) };
  const inner = body.readInt32LE(0);
  const compressor = body.readUInt8(8);
  if (compressor !== 0 && compressor !== 2) throw new Error(`compressor ${compressor} was not negotiated`);
  const bytes = compressor === 2 ? inflateSync(body.subarray(9)) : body.subarray(9);
  return { requestId, compressed: true, ...parseBody(inner, bytes) };
}

type Parsed = Pick<Request, "opcode" | "command" | "moreToCome" | "exhaustAllowed">;

function parseBody(opcode: number, body: Buffer): Parsed {
  if (opcode === opcodes.query) return parseQuery(body);
  if (opcode !== opcodes.msg) throw new Error(`opcode ${opcode} is not part of this protocol`);
  const flags = body.readUInt32LE(0);
  const end = flags & 1 ? body.length - 4 : body.length;
  const command: Doc = {};
  let at = 4;
  while (at < end) {
    const kind = body.readUInt8(at);
    at += 1;
    if (kind === 0) {
      const size = body.readInt32LE(at);
      Object.assign(command, read(body.subarray(at, at + size)));
      at += size;
    } else {
      at += readSequence(body, at, command);
    }
  }
  return { opcode: "msg", command, moreToCome: (flags & 2) !== 0, exhaustAllowed: (flags & exhaustFlag) !== 0 };
}

/** A document sequence: the long lists of insert, update and delete travel beside the command. */
function readSequence(body: Buffer, start: number, command: Doc): number {
  const size = body.readInt32LE(start);
  let at = start + 4;
  const nameEnd = body.indexOf(0, at);
  const name = body.toString("utf8", at, nameEnd);
  const documents: Doc[] = [];
  at = nameEnd + 1;
  while (at < start + size) {
    const length = body.readInt32LE(at);
    documents.push(read(body.subarray(at, at + length)));
    at += length;
  }
  command[name] = documents;
  return size;
}

function parseQuery(body: Buffer): Parsed {
  const nameEnd = body.indexOf(0, 4);
  const namespace = body.toString("utf8", 4, nameEnd);
  const at = nameEnd + 1 + 8;
  const command = read(body.subarray(at, at + body.readInt32LE(at)));
  return {
    opcode: "query",
    command: { ...command, $db: namespace.split(".", 1)[0] },
    moreToCome: false,
    exhaustAllowed: false,
  };
}

/** The answer to a request, in the form and compression that the request had. */
export function formatReply(
  request: Request,
  reply: Doc,
  replyId: number,
  chain: { readonly responseTo: number; readonly hasMore: boolean } = { responseTo: request.requestId, hasMore: false },
): Buffer {
  const bytes = Buffer.from(BSON.serialize(reply as BsonDocument, { ignoreUndefined: true }));
  if (request.opcode === "query") {
    const prefix = Buffer.alloc(20);
    prefix.writeInt32LE(8, 0);
    prefix.writeInt32LE(1, 16);
    return frame(opcodes.reply, Buffer.concat([prefix, bytes]), replyId, request.requestId);
  }
  const body = Buffer.concat([Buffer.alloc(5), bytes]);
  if (chain.hasMore) body.writeUInt32LE(moreToComeFlag, 0);
  if (!request.compressed) return frame(opcodes.msg, body, replyId, chain.responseTo);
  const head = Buffer.alloc(9);
  head.writeInt32LE(opcodes.msg, 0);
  head.writeInt32LE(body.length, 4);
  head.writeUInt8(2, 8);
  return frame(opcodes.compressed, Buffer.concat([head, deflateSync(body)]), replyId, chain.responseTo);
}

function frame(opcode: number, body: Buffer, id: number, responseTo: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + body.length, 0);
  header.writeInt32LE(id, 4);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opcode, 12);
  return Buffer.concat([header, body]);
}
