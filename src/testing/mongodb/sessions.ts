import { ServerError } from "./fault.ts";
import type { Storage, Transaction } from "./storage.ts";
import { asDoc, asNumber, keyOf, type Doc } from "./value.ts";

interface Session {
  number: number;
  state: "none" | "open" | "committed" | "aborted";
  transaction: Transaction | null;
  /** The answer to the newest retryable write: what a repetition of it gets. */
  reply: Doc | null;
  timer: NodeJS.Timeout | null;
}

const transient = { labels: ["TransientTransactionError"] } as const;

/** Logical sessions: transactions by number, and the memory that makes retried writes happen once. */
export class Sessions {
  private readonly sessions = new Map<string, Session>();
  private readonly storage: Storage;
  private readonly lifetimeMs: number;

  constructor(storage: Storage, lifetimeMs: number) {
    this.storage = storage;
    this.lifetimeMs = lifetimeMs;
  }

  private of(command: Doc): Session | null {
    const lsid = command["lsid"];
    if (lsid === undefined) return null;
    const key = keyOf(asDoc(lsid)["id"]);
    const known = this.sessions.get(key);
    if (known) return known;
    const session: Session = { number: -1, state: "none", transaction: null, reply: null, timer: null };
    this.sessions.set(key, session);
    return session;
  }

  /** The open transaction a command belongs to, or null when it belongs to none. */
  transactionOf(command: Doc): Transaction | null {
    if (command["autocommit"] !== false) return null;
    const session = this.of(command);
    const number = asNumber(command["txnNumber"], -1);
    if (!session || number < 0) throw new ServerError("InvalidOptions", "a transaction needs lsid and txnNumber");
    if (command["startTransaction"] === true) return this.start(session, number);
    if (session.number !== number || session.state !== "open" || !session.transaction) {
      throw new ServerError(
        "NoSuchTransaction",
        `Given transaction number ${number} does not match any in-progress transactions.`,
        transient,
      );
    }
    return session.transaction;
  }

  private start(session: Session, number: number): Transaction {
    if (number < session.number) throw new ServerError("TransactionTooOld", "a newer transaction has started");
    if (number === session.number)
      throw new ServerError("ConflictingOperationInProgress", "this transaction number was used before");
    this.end(session, "aborted");
    session.number = number;
    session.state = "open";
    session.reply = null;
    session.transaction = this.storage.begin(true);
    session.timer = setTimeout(() => this.end(session, "aborted"), this.lifetimeMs);
    session.timer.unref();
    return session.transaction;
  }

  private end(session: Session, state: "committed" | "aborted"): void {
    if (session.timer) clearTimeout(session.timer);
    session.timer = null;
    const transaction = session.transaction;
    if (!transaction) return;
    session.transaction = null;
    session.state = state;
    if (state === "committed") this.storage.commit(transaction);
    else this.storage.abort(transaction);
  }

  /** Any error inside a transaction ends it. */
  abortOf(command: Doc): void {
    const session = this.of(command);
    if (session && session.number === asNumber(command["txnNumber"], -1)) this.end(session, "aborted");
  }

  commit(command: Doc): void {
    const session = this.of(command);
    if (!session || session.number !== asNumber(command["txnNumber"], -1) || session.state === "aborted")
      throw new ServerError("NoSuchTransaction", "Transaction has been aborted or does not exist.", transient);
    if (session.state === "open") this.end(session, "committed");
  }

  abort(command: Doc): void {
    const session = this.of(command);
    if (!session || session.number !== asNumber(command["txnNumber"], -1) || session.state === "aborted")
      throw new ServerError("NoSuchTransaction", "Transaction has been aborted or does not exist.", transient);
    if (session.state === "committed")
      throw new ServerError("TransactionCommitted", "Transaction has been committed and cannot be aborted.");
    this.end(session, "aborted");
  }

  /** The answer that a repeated retryable write got the first time. */
  remembered(command: Doc): Doc | null {
    const number = command["txnNumber"];
    if (number === undefined || command["autocommit"] === false) return null;
    const session = this.of(command);
    if (!session) return null;
    const wanted = asNumber(number, -1);
    if (wanted < session.number) throw new ServerError("TransactionTooOld", "a newer retryable write was executed");
    if (wanted === session.number) return session.reply;
    this.end(session, "aborted");
    session.number = wanted;
    session.state = "none";
    session.reply = null;
    return null;
  }

  remember(command: Doc, reply: Doc): void {
    if (command["txnNumber"] === undefined || command["autocommit"] === false) return;
    const session = this.of(command);
    if (session && session.number === asNumber(command["txnNumber"], -1)) session.reply = reply;
  }

  forget(lsids: unknown): void {
    for (const lsid of Array.isArray(lsids) ? lsids : []) {
      const key = keyOf(asDoc(lsid)["id"]);
      const session = this.sessions.get(key);
      if (session) this.end(session, "aborted");
      this.sessions.delete(key);
    }
  }

  /** What a step-down does to every open transaction. */
  abortAll(): void {
    for (const session of this.sessions.values()) this.end(session, "aborted");
  }
}
