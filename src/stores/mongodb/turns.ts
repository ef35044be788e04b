interface Waiting {
  readonly begin: () => void;
}

/**
 * Lets so many run at once and the others wait in the order in which they came. Without it a burst of searches would
 * move through the pool of connections step by step together, and all of them would end as late as the last.
 */
export class Turns {
  private free: number;
  private readonly waiting = new Set<Waiting>();

  constructor(atOnce: number) {
    this.free = Math.max(1, Math.floor(atOnce));
  }

  /** @throws the signal's reason when it fires before the turn comes. */
  async take<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await this.wait(signal);
    try {
      return await work();
    } finally {
      this.pass();
    }
  }

  private wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.delete(one);
        reject(signal!.reason as Error);
      };
      const one: Waiting = {
        begin: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal?.throwIfAborted();
      signal?.addEventListener("abort", leave, { once: true });
      this.waiting.add(one);
    });
  }

  /** The turn goes to who waits longest. */
  private pass(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next.begin();
  }
}
