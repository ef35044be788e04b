import { inspect } from "node:util";

/**
 * A value that never prints: not as text, not as JSON, not in a debugger's view of an object. `reveal` is the only
 * way to it, so that a search for that word finds every place where a secret leaves.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** First and last four characters of a long secret, nothing of a short one. */
  masked(): string {
    return maskSecret(this.#value);
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [inspect.custom](): string {
    return "Secret(***)";
  }
}

const maskSecret = (value: string): string => (value.length < 16 ? "***" : `${value.slice(0, 4)}…${value.slice(-4)}`);
