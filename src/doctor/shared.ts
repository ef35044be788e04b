/** What is made at the first call and shared by later ones, its failure too. */
export interface Shared<T> {
  (): Promise<T>;
  /** Null when it was never asked for, or failed. */
  opened(): Promise<T | null>;
}

export function shared<T>(make: () => Promise<T>): Shared<T> {
  let making: Promise<T> | null = null;
  return Object.assign(() => (making ??= make()), {
    opened: async () => making?.catch(() => null) ?? null,
  });
}
