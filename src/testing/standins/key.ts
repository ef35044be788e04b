import { randomBytes } from "node:crypto";

/** A key of a provider's shape, new for every stand-in, so that none is ever in the source. */
export const newKey = (prefix: string, characters = 40): string =>
  prefix + randomBytes(characters).toString("base64url").replaceAll(/[-_]/g, "x").slice(0, characters);
