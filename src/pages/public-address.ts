import { BlockList, isIPv4 } from "node:net";

/** IPv4 that is not for everybody to reach (IANA IPv4 Special-Purpose Address Registry), and multicast. */
const special4: readonly (readonly [network: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** In IPv6 only 2000::/3 is given out; of that, what holds an IPv4 address inside or is for documents is left out. */
const special6: readonly (readonly [network: string, bits: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

function blockList(...networks: readonly (readonly [network: string, bits: number])[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of networks) list.addSubnet(network, bits, isIPv4(network) ? "ipv4" : "ipv6");
  return list;
}

const refused = blockList(...special4, ...special6);
const given6 = blockList(["2000::", 3]);

/** Whether an IP address, as the system or a URL writes it, is one of the public internet. */
export const isPublicAddress = (address: string): boolean =>
  isIPv4(address) ? !refused.check(address, "ipv4") : given6.check(address, "ipv6") && !refused.check(address, "ipv6");
