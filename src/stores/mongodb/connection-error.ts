import {
  MongoAPIError,
  MongoError,
  MongoRuntimeError,
  MongoServerError,
  type MongoServerSelectionError,
  type ServerDescription,
  type TopologyDescription,
} from "mongodb";
import { HybridRAGError, isHybridRAGError, type ErrorCode } from "../../errors.ts";
import { redact } from "../../redact.ts";

export interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
}

export const refusedCredentials: Meaning = {
  code: "store_credentials",
  message: "MongoDB refuses the user or the password in MONGODB_URI; correct them.",
};

/**
 * What is wrong with a connection string that the driver does not take. Its words name the option; user and password
 * are taken out of them.
 */
export function uriFault(error: unknown, uri: string): HybridRAGError | null {
  if (isHybridRAGError(error) || !(error instanceof Error)) return null;
  const meaning = meaningOfUri(error, uri);
  return meaning && new HybridRAGError(meaning.code, meaning.message);
}

function meaningOfUri(error: Error, uri: string): Meaning | null {
  const { code = "", syscall = "", path = "" } = error as NodeJS.ErrnoException;
  if (syscall.startsWith("query")) {
    const message = `DNS has no cluster of the name in MONGODB_URI (${code}); check the name and the network.`;
    return { code: "store_unreachable", message };
  }
  if (path !== "" && code !== "") {
    const message = `MONGODB_URI names the file ${path}, which cannot be read (${code}); correct the path.`;
    return { code: "invalid_config", message };
  }
  if (isTls(error)) return tlsMeaning(error);
  // What reads the URI for the driver has an error of its own by the name of the driver's.
  const isOption =
    error.name === "MongoParseError" || error instanceof MongoAPIError || error instanceof MongoRuntimeError;
  if (!isOption) return null;
  const said = redact(error.message, credentialsIn(uri)).replace(/\.?$/, ".");
  return { code: "invalid_config", message: `MONGODB_URI cannot be used: ${said} Correct it.` };
}

/** User and password as they stand in the URI and as they are meant. */
function credentialsIn(uri: string): readonly string[] {
  const userInfo = /:\/\/(.*)@/.exec(uri)?.[1] ?? "";
  return userInfo.split(":").flatMap((part) => [part, decoded(part)]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Why no server was found: none answers, none trusts us, none is what was asked for. */
export function selectionMeaning(error: MongoServerSelectionError): Meaning {
  const topology = error.reason as TopologyDescription | undefined;
  const servers: readonly ServerDescription[] = [...(topology?.servers.values() ?? [])];
  const causes = [error, ...servers.flatMap((server) => server.error ?? [])].flatMap(causesOf);
  if (causes.some(isCredentials)) return refusedCredentials;
  const tls = causes.find(isTls);
  if (tls) return tlsMeaning(tls);
  if (servers.length === 0 && topology?.setName) {
    const message = `No server at MONGODB_URI belongs to the replica set ${topology.setName}; correct replicaSet.`;
    return { code: "store_unreachable", message };
  }
  if (servers.some(({ type }) => type === "RSPrimary" || type === "Mongos")) {
    const message = "No server suits the read preference in MONGODB_URI: change its mode, tags or maxStalenessSeconds.";
    return { code: "store_unreachable", message };
  }
  if (servers.some(({ type }) => type.startsWith("RS"))) {
    const message =
      "The replica set has no primary; it elects one in seconds where most of its members run. Try again.";
    return { code: "store_unreachable", message };
  }
  const code = causes.map((cause) => (cause as NodeJS.ErrnoException).code).find((one) => typeof one === "string");
  const message =
    `No MongoDB server answers at MONGODB_URI${code === undefined ? "" : ` (${code})`}; check host, port, network ` +
    "access and TLS, and that it runs.";
  return { code: "store_unreachable", message };
}

function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

const isCredentials = (error: Error): boolean =>
  error instanceof MongoServerError && (error.code === 18 || error.code === 13);

const tlsCode = /^(?:ERR_(?:TLS|SSL|OSSL)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|INVALID_CA|EPROTO)/;
const plainServer = /before secure TLS connection/;
const distrust = /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? "");

const isTls = (error: Error): boolean =>
  !(error instanceof MongoError) && (tlsCode.test(codeOf(error)) || plainServer.test(error.message));

function tlsMeaning(error: Error): Meaning {
  const code = codeOf(error);
  const advice = plainServer.test(error.message)
    ? "the server at MONGODB_URI ended it; it may not speak TLS, or ask for a certificate (tlsCertificateKeyFile)"
    : distrust.test(code)
      ? "its certificate is not trusted; name the authority by tlsCAFile in MONGODB_URI"
      : code.includes("ALTNAME")
        ? "its certificate is for another host name; use that name in MONGODB_URI"
        : "check certificates and TLS options in MONGODB_URI";
  return { code: "store_tls", message: `No encrypted connection to MongoDB (${code || "closed"}): ${advice}.` };
}
