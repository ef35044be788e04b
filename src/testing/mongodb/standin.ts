import { HybridRAGError } from "../../errors.ts";
import { profiles, type ProfileName } from "./profile.ts";
import { startMongoServer, type MongoServer } from "./server.ts";

const isProfile = (name: string): name is ProfileName => Object.hasOwn(profiles, name);

/** `npm run standins -- mongodb --profile atlas --members 3`. */
export function mongoStandin(flags: Readonly<Record<string, string>>): Promise<MongoServer> {
  const profile = flags["profile"] ?? "atlas";
  const members = Number(flags["members"] ?? "1");
  if (!isProfile(profile)) throw refused("profile", `one of ${Object.keys(profiles).join(", ")}`);
  if (!Number.isInteger(members) || members < 1 || members > 7) throw refused("members", "a number from 1 to 7");
  return startMongoServer({ profile, members, buildMs: 50 });
}

const refused = (flag: string, expected: string): HybridRAGError =>
  new HybridRAGError("invalid_config", `--${flag} takes ${expected}.`, { details: { flag } });
