import type { Socket } from "node:net";
import { isFree } from "./access.ts";
import type { Call, ConnectionState, ServerState } from "./call.ts";
import { checkOptions, checkTarget, commandNamed, isWrite } from "./commands/table.ts";
import { ServerError } from "./fault.ts";
import { errorOf, type FaultAction } from "./faults.ts";
import { asNumber, asText, type Doc } from "./value.ts";
import { formatReply, Framer, parseRequest, type Request } from "./wire.ts";

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });

/** One client connection: commands are answered in the order they come. */
export class Connection {
  private readonly framer = new Framer();
  private readonly remembered: ConnectionState;
  private readonly state: ServerState;
  private readonly member: number;
  private readonly socket: Socket;
  private queue: Promise<void> = Promise.resolve();
  private replies = 0;

  constructor(state: ServerState, member: number, socket: Socket, id: number) {
    this.state = state;
    this.member = member;
    this.socket = socket;
    this.remembered = { id, user: null, conversation: null };
  }

  receive(bytes: Buffer): void {
    try {
      for (const message of this.framer.push(bytes)) {
        const request = parseRequest(Buffer.from(message));
        this.queue = this.queue.then(() => this.answer(request)).catch(() => void this.socket.destroy());
      }
    } catch {
      this.socket.destroy();
    }
  }

  private async answer(request: Request): Promise<void> {
    const name = Object.keys(request.command)[0] ?? "";
    if (request.exhaustAllowed && request.command["maxAwaitTimeMS"] !== undefined) {
      void this.watch(name, request);
      return;
    }
    const fault = isFree(name) ? null : this.state.faults.take(name);
    if (fault?.kind === "reset") {
      this.socket.destroy();
      return;
    }
    const reply = await this.run(name, request.command, fault);
    if (fault?.kind === "cut") this.socket.destroy();
    if (request.moreToCome || this.socket.destroyed) return;
    this.replies += 1;
    this.socket.write(formatReply(request, reply, this.replies));
  }

  /** Tells the driver of every change of roles, until the connection ends. */
  private async watch(name: string, request: Request): Promise<void> {
    let { command, requestId: responseTo } = request;
    while (!this.socket.destroyed && !this.state.replicaSet.isClosed) {
      const reply = await this.run(name, command, null);
      if (this.socket.destroyed) return;
      this.replies += 1;
      this.socket.write(formatReply(request, reply, this.replies, { responseTo, hasMore: true }));
      responseTo = this.replies;
      command = { ...command, topologyVersion: reply["topologyVersion"] };
    }
  }

  private async run(name: string, command: Doc, fault: FaultAction | null): Promise<Doc> {
    const started = performance.now();
    const silences: string[] = [];
    let rights: readonly string[] = [];
    let code = 0;
    let reply: Doc;
    try {
      const call = this.call(name, command, silences);
      rights = this.state.access.check(call);
      reply = await this.perform(call, fault);
    } catch (error) {
      const known = asServerError(error);
      code = known.code;
      if (command["autocommit"] === false && name !== "commitTransaction") this.state.sessions.abortOf(command);
      reply = this.failure(known, command, name);
    }
    if (!isFree(name) || name.endsWith("Transaction")) {
      this.state.journal.add({
        member: this.member,
        command: name,
        database: asText(command["$db"]),
        collection: asText(command[name]),
        user: this.remembered.user,
        rights,
        code,
        milliseconds: performance.now() - started,
        silences,
        body: name === "insert" || name === "update" ? {} : command,
      });
    }
    return reply;
  }

  private call(name: string, command: Doc, silences: string[]): Call {
    const call: Call = {
      state: this.state,
      member: this.member,
      name,
      command,
      database: asText(command["$db"]),
      transaction: null,
      connection: this.remembered,
      silences,
    };
    return call;
  }

  private async perform(call: Call, fault: FaultAction | null): Promise<Doc> {
    const { name, command } = call;
    const injected = fault === null ? null : errorOf(fault);
    if (injected) throw injected;
    if (fault?.kind === "slow") await this.delay(fault.milliseconds, command);
    const handler = commandNamed(name);
    checkOptions(name, command);
    checkTarget(call);
    this.checkMember(name, command);
    const ends = name === "commitTransaction" || name === "abortTransaction";
    const transaction = ends ? null : this.state.sessions.transactionOf(command);
    const repeated = transaction || ends ? null : this.state.sessions.remembered(command);
    if (repeated) return repeated;
    const reply = await handler({ ...call, transaction });
    if (!ends && transaction === null) this.state.sessions.remember(command, reply);
    return reply;
  }

  private async delay(milliseconds: number, command: Doc): Promise<void> {
    const limit = asNumber(command["maxTimeMS"], Infinity);
    await wait(Math.min(milliseconds, limit));
    if (limit < milliseconds) throw new ServerError("MaxTimeMSExpired", "operation exceeded time limit");
  }

  /** Writes go to the primary; reads to a secondary only when the client says that it means it. */
  private checkMember(name: string, command: Doc): void {
    if (isFree(name) && !name.endsWith("Transaction")) return;
    if (this.state.replicaSet.members[this.member]?.role === "primary") return;
    if (isWrite(name) || command["autocommit"] === false) throw new ServerError("NotWritablePrimary", "not primary");
    const preference = command["$readPreference"] as { readonly mode?: string } | undefined;
    if (preference?.mode === undefined || preference.mode === "primary")
      throw new ServerError("NotPrimaryNoSecondaryOk", "not primary and secondaryOk=false");
  }

  private failure(error: ServerError, command: Doc, name: string): Doc {
    const labels = new Set(error.labels);
    const inTransaction = command["autocommit"] === false;
    const topology = ["NotWritablePrimary", "NotPrimaryNoSecondaryOk", "InterruptedDueToReplStateChange"];
    if (topology.includes(error.codeName)) {
      if (inTransaction && name !== "commitTransaction") labels.add("TransientTransactionError");
      if (command["txnNumber"] !== undefined && (!inTransaction || name.endsWith("Transaction")))
        labels.add("RetryableWriteError");
    }
    return {
      ok: 0,
      errmsg: error.message,
      code: error.code,
      codeName: error.codeName,
      ...error.extra,
      ...(labels.size > 0 ? { errorLabels: [...labels] } : {}),
    };
  }
}

const asServerError = (error: unknown): ServerError =>
  error instanceof ServerError
    ? error
    : new ServerError(
        "InternalError",
        error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error),
      );
