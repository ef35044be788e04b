import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from "mongodb";
import { HybridRAGError, isHybridRAGError } from "../../errors.ts";
import { refusedCredentials, selectionMeaning, type Meaning } from "./connection-error.ts";

const overloadCode = 489;

/** Server codes that mean something to whoever runs the program. */
const meanings: Readonly<Record<number, Meaning>> = {
  18: refusedCredentials,
  50: { code: "deadline_exceeded", message: "MongoDB did not finish before the deadline." },
  121: { code: "store_failed", message: "MongoDB refused a record that its collection's validator does not allow." },
  [overloadCode]: { code: "overloaded", message: "MongoDB sheds load; try again in a moment." },
  31082: {
    code: "search_absent",
    message: "This MongoDB has no search; use Atlas, or MongoDB 8.2 or later with mongot.",
  },
};

const unauthorizedCode = 13;
/** Of the server's words only the names: a command may hold values. */
const refusedCommand = /execute command \{ (\w+):(?: "([\w.]+)")?/;

function missingRight({ message }: MongoServerError): Meaning {
  const [, command, collection] = refusedCommand.exec(message) ?? [];
  const what = command === undefined ? "this call" : `${command}${collection ? ` on ${collection}` : ""}`;
  return {
    code: "store_rights",
    message:
      `MongoDB refuses ${what} to the user in MONGODB_URI; hybridrag indexes roles prints the roles with the rights ` +
      "that each kind of work needs.",
  };
}

/** Only their names and bounds stand in these messages of the driver. */
const readPreference = /^(?:Option "maxStalenessSeconds"|Primary read preference)/;

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
    if (error.code === unauthorizedCode) return missingRight(error);
    const known = fullCluster.test(error.message) ? noRoom : meanings[error.code];
    if (known) return known;
    return { code: "store_failed", message: `MongoDB refused the call (${error.codeName ?? "code"} ${error.code}).` };
  }
  if (error instanceof MongoNetworkError)
    return { code: "store_failed", message: "The connection to MongoDB broke; nothing was half written. Try again." };
  if (error instanceof MongoInvalidArgumentError && readPreference.test(error.message))
    return { code: "invalid_config", message: `The read preference in MONGODB_URI cannot be used: ${error.message}.` };
  if (error instanceof MongoAPIError)
    return { code: "store_failed", message: "The MongoDB driver refused the call; the cause says why." };
  return { code: "store_failed", message: "The MongoDB store failed; the cause says why." };
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
