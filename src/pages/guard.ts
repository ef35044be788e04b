import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { HybridRAGError } from "../errors.ts";
import { isPublicAddress } from "./public-address.ts";

/** Finds the addresses of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

export interface Guard {
  /** @throws HybridRAGError `unreadable` when the address says by itself that it may not be fetched. */
  check(address: URL): void;
  /**
   * The addresses to connect to. They are those that were checked, so no second answer of a name server comes in
   * between.
   * @throws HybridRAGError `unreadable` when one of them is not public.
   */
  addressesOf(address: URL): Promise<readonly LookupAddress[]>;
}

const ports: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** `allowed`: hosts, or hosts with a port, that may be fetched from wherever they are. */
export function guard(allowed: readonly string[], resolve: Resolve): Guard {
  const known = new Set(allowed.map((one) => one.toLowerCase()));
  const isAllowed = (address: URL): boolean =>
    known.has(`${address.hostname}:${portOf(address)}`) ||
    (known.has(address.hostname) && portOf(address) === ports[address.protocol]);
  return {
    check(address) {
      if (ports[address.protocol] === undefined) throw refusal(address, "only http and https addresses are");
      if (address.username !== "" || address.password !== "") throw refusal(address, "it holds a user or a password");
      if (isAllowed(address)) return;
      if (portOf(address) !== ports[address.protocol]) throw refusal(address, "its port is not 80 or 443");
      const host = literalOf(address);
      if (isIP(host) !== 0 && !isPublicAddress(host)) throw notPublic(address);
    },
    async addressesOf(address) {
      const host = literalOf(address);
      const family = isIP(host);
      const found = family === 0 ? await resolve(host) : [{ address: host, family }];
      if (!isAllowed(address) && !found.every((one) => isPublicAddress(one.address))) throw notPublic(address);
      return found;
    },
  };
}

/** A URL writes an IPv6 address in brackets. */
const literalOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1");

const portOf = ({ port, protocol }: URL): string => port || (ports[protocol] ?? "");

/** Nothing of where it leads is told. */
const notPublic = (address: URL): HybridRAGError => refusal(address, "it does not lead into the public internet");

const refusal = (address: URL, reason: string): HybridRAGError =>
  new HybridRAGError(
    "unreadable",
    `${shownAddress(address)} is not fetched: ${reason}. HYBRIDRAG_FETCH_ALLOW names hosts that are fetched all the same.`,
  );

export function shownAddress(address: URL): string {
  const shown = new URL(address);
  shown.username = shown.password = "";
  return shown.href;
}
