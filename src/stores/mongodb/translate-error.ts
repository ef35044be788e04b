import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
} from "mongodb";
import { HybridRAGError, isHybridRAGError, type ErrorCode } from "../../errors.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
}

const overloadCode = 489;

/** Server codes that mean something to whoever runs the program. */
const meanings: Readonly<Record<number, Meaning>> = {
  13: {
    code: "invalid_config",
    message: "MongoDB refuses this call to the user in MONGODB_URI; grant the rights of the role that the guide lists.",
  },
  18: { code: "invalid_config", message: "MongoDB refuses the user or the password in MONGODB_URI; correct them." },
  50: { code: "deadline_exceeded", message: "MongoDB did not finish before the deadline." },
  121: { code: "store_failed", message: "MongoDB refused a record that its collection's validator does not allow." },
  [overloadCode]: { code: "overloaded", message: "MongoDB sheds load; try again in a moment." },
  31082: {
    code: "not_ready",
    message: "This MongoDB has no search; use Atlas, or MongoDB 8.2 or later with mongot.",
  },
};

/** The server says it as a bad value, with these words. */
const fullCluster = /maximum number of FTS indexes/;
const noRoom: Meaning = {
  code: "invalid_config",
  message:
    "This cluster has no room for another search index: free clusters take 3 and flex clusters 10 in all databases " +
    "together. Drop one that is not used, or take a larger tier; hybridrag indexes plan names what is needed.",
};

/** Every error of the driver as one of ours; no message of the driver is repeated, since it may hold a URI or values. */
export function translateError(error: unknown): HybridRAGError {
  if (isHybridRAGError(error)) return error;
  const { code, message } = meaningOf(error);
  const details: Record<string, number> = {};
  if (error instanceof MongoServerError && typeof error.code === "number") details["server_code"] = error.code;
  return new HybridRAGError(code, message, { cause: safeCause(error), details });
}

function meaningOf(error: unknown): Meaning {
  if (error instanceof MongoServerSelectionError) return selectionMeaning(error);
  if (error instanceof MongoOperationTimeoutError)
    return { code: "deadline_exceeded", message: "MongoDB did not answer before the deadline." };
  if (error instanceof MongoError && error.name === "MongoWaitQueueTimeoutError")
    return { code: "overloaded", message: "All connections to MongoDB are busy; raise maxPoolSize or try again." };
  if (error instanceof MongoServerError && typeof error.code === "number") {
    const known = fullCluster.test(error.message) ? noRoom : meanings[error.code];
    if (known) return known;
    return { code: "store_failed", message: `MongoDB refused the call (${error.codeName ?? "code"} ${error.code}).` };
  }
  if (error instanceof MongoNetworkError)
    return { code: "store_failed", message: "The connection to MongoDB broke; nothing was half written. Try again." };
  if (error instanceof MongoParseError || (error instanceof Error && error.name === "MongoParseError"))
    return { code: "invalid_config", message: "MONGODB_URI is not a valid connection string; correct it." };
  if (error instanceof MongoAPIError)
    return { code: "store_failed", message: "The MongoDB driver refused the call; the cause says why." };
  return { code: "store_failed", message: "The MongoDB store failed; the cause says why." };
}

function selectionMeaning(error: MongoServerSelectionError): Meaning {
  const cause = error.cause;
  if (cause instanceof MongoServerError && (cause.code === 18 || cause.code === 13)) return meanings[18]!;
  return {
    code: "store_failed",
    message: "No MongoDB server answers at MONGODB_URI; check host, port, network access and TLS, and that it runs.",
  };
}

/** The name and code of the foreign error, without its message: that may hold the URI's password or stored text. */
function safeCause(error: unknown): Error {
  const name = error instanceof Error ? error.name : "Error";
  const code = error instanceof MongoError && error.code !== undefined ? ` (code ${String(error.code)})` : "";
  const cause = new Error(`${name}${code}`);
  if (error instanceof Error && error.stack !== undefined) cause.stack = stackFrames(error.stack, cause.message);
  return cause;
}

const stackFrames = (stack: string, message: string): string =>
  [message, ...stack.split("\n").filter((line) => line.startsWith("    at "))].join("\n");

export const isDuplicateKey = (error: unknown): boolean =>
  (error instanceof MongoServerError || error instanceof MongoBulkWriteError) && error.code === 11000;
