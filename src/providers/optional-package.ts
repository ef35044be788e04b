import { HybridRAGError } from "../errors.ts";

/** Loads a package that users install themselves; without it, says how. */
export async function optionalPackage<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new HybridRAGError("invalid_config", `${purpose} needs the package ${name}: run \`npm install ${name}\`.`, {
      details: { package: name },
      cause,
    });
  }
}
