import { Secret } from "../secret.ts";
import type { SecretSource } from "./secret-source.ts";

/** Secrets of the settings that were read at the start. */
export const environmentSource = (values: Readonly<Record<string, string | Secret | undefined>>): SecretSource => ({
  name: "environment",
  async get(name) {
    const value = values[name];
    if (value === undefined || value === "") return null;
    return typeof value === "string" ? new Secret(value) : value;
  },
});
