import { ObjectId } from "bson";

interface Member {
  readonly host: string;
  role: "primary" | "secondary";
}

/** Members of one set in one process: they share the data, and differ in who may write. */
export class ReplicaSet {
  readonly name = "rs0";
  readonly members: Member[] = [];
  term = 1;
  private electionTimer: NodeJS.Timeout | null = null;
  private readonly waiting = new Set<() => void>();

  add(host: string): void {
    this.members.push({ host, role: this.members.length === 0 ? "primary" : "secondary" });
  }

  get primary(): Member | null {
    return this.members.find((member) => member.role === "primary") ?? null;
  }

  /** A larger term makes a larger id: drivers tell a deposed primary by it. */
  electionId(): ObjectId {
    return new ObjectId(this.term.toString(16).padStart(24, "7fffffff0000000000000000"));
  }

  /** The primary becomes a secondary; another member is elected after this time (the same one if it is alone). */
  stepDown(electionMs: number): void {
    const index = this.members.findIndex((member) => member.role === "primary");
    if (index < 0) return;
    this.members[index]!.role = "secondary";
    this.changed();
    this.electionTimer = setTimeout(() => {
      this.term += 1;
      this.members[(index + 1) % this.members.length]!.role = "primary";
      this.changed();
    }, electionMs);
    this.electionTimer.unref();
  }

  private version = 0;

  get topologyVersion(): number {
    return this.version;
  }

  private changed(): void {
    this.version += 1;
    for (const wake of this.waiting) wake();
  }

  /** Resolves at the next change of roles, or when the time is over. */
  async nextChange(seen: number, milliseconds: number): Promise<void> {
    if (seen !== this.version) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      timer.unref();
      this.waiting.add(wake);
    });
  }

  isClosed = false;

  close(): void {
    this.isClosed = true;
    if (this.electionTimer) clearTimeout(this.electionTimer);
    this.changed();
  }
}
