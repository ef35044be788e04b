import type { Doc } from "./value.ts";

/** One command as the server saw it. */
export interface JournalEntry {
  readonly member: number;
  readonly command: string;
  readonly database: string;
  readonly collection: string;
  readonly user: string | null;
  /** Rights that the command needed, as `collection:action`. */
  readonly rights: readonly string[];
  /** 0 where it succeeded. */
  readonly code: number;
  readonly milliseconds: number;
  /** Why the answer is empty although nothing failed: what a real server keeps to itself. */
  readonly silences: readonly string[];
  readonly body: Doc;
}

/** Everything that happened, newest last; the oldest entries go when it is full. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (this.entries.length > this.capacity) this.entries.splice(0, this.entries.length - this.capacity);
  }

  clear(): void {
    this.entries.length = 0;
  }

  silences(): readonly string[] {
    return this.entries.flatMap((entry) => entry.silences);
  }

  count(command: string): number {
    return this.entries.filter((entry) => entry.command === command).length;
  }
}
