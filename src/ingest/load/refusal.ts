import { HybridRAGError, isHybridRAGError, messageOf } from "../../errors.ts";

/** The four ways in which a file is turned down; each message names the file and the reason. */
export const unreadable = (name: string, reason: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError("unreadable", `${name} cannot be read: ${reason}.`, { details: { name, reason }, cause });

export const noText = (name: string, reason: string): HybridRAGError =>
  new HybridRAGError("no_text", `${name} holds no text: ${reason}.`, { details: { name, reason } });

export const unsupported = (name: string, reason: string): HybridRAGError =>
  new HybridRAGError("unsupported_type", `${name} is of a type that has no reader: ${reason}.`, {
    details: { name, reason },
  });

export const tooLarge = (name: string, what: string, size: number, limit: number): HybridRAGError =>
  new HybridRAGError("too_large", `${name} is too large: ${what} is ${size}, the limit is ${limit}.`, {
    details: { name, size, limit },
  });

/** What a reader throws, as one of ours: a foreign error means that the file is damaged. */
export const asRefusal = (name: string, error: unknown): HybridRAGError =>
  isHybridRAGError(error) ? error : unreadable(name, `it is damaged (${messageOf(error)})`, error);
