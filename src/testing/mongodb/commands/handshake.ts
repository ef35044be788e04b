import type { Call } from "../call.ts";
import { asDoc, asNumber, type Doc } from "../value.ts";

/** `hello` and its older name; waits for a change of roles when the driver watches. */
export async function hello(call: Call): Promise<Doc> {
  const { replicaSet } = call.state;
  const wait = asNumber(call.command["maxAwaitTimeMS"], 0);
  const seen = asDoc(call.command["topologyVersion"]);
  if (wait > 0 && seen["counter"] !== undefined) await replicaSet.nextChange(asNumber(seen["counter"], -1), wait);
  return describe(call);
}

function describe(call: Call): Doc {
  const { replicaSet, profile } = call.state;
  const me = replicaSet.members[call.member]!;
  const isPrimary = me.role === "primary";
  const older = call.name !== "hello";
  return {
    ...(older ? { ismaster: isPrimary } : { isWritablePrimary: isPrimary }),
    helloOk: true,
    secondary: !isPrimary,
    topologyVersion: { processId: call.state.search.processId, counter: BigInt(replicaSet.topologyVersion) },
    setName: replicaSet.name,
    setVersion: 1,
    hosts: replicaSet.members.map((member) => member.host),
    ...(replicaSet.primary ? { primary: replicaSet.primary.host } : {}),
    ...(isPrimary ? { electionId: replicaSet.electionId() } : {}),
    me: me.host,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(call.state.now()),
    logicalSessionTimeoutMinutes: 30,
    connectionId: call.connection.id,
    minWireVersion: 0,
    maxWireVersion: profile.maxWireVersion,
    readOnly: false,
    ...(compression(call) ? { compression: ["zlib"] } : {}),
    ...(call.command["saslSupportedMechs"] === undefined ? {} : { saslSupportedMechs: ["SCRAM-SHA-256"] }),
    ok: 1,
  };
}

const compression = (call: Call): boolean => {
  const offered = call.command["compression"];
  return Array.isArray(offered) && offered.includes("zlib");
};

export const buildInfo = (call: Call): Doc => ({
  version: call.state.profile.version,
  versionArray: [...call.state.profile.version.split(".").map(Number), 0],
  gitVersion: "hybridrag-test-server",
  modules: [],
  maxBsonObjectSize: 16_777_216,
  ok: 1,
});

export const replSetStepDown = (call: Call): Doc => {
  call.state.sessions.abortAll();
  call.state.replicaSet.stepDown(50);
  return { ok: 1 };
};
