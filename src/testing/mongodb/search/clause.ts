import { ServerError, notImplemented } from "../fault.ts";
import { asText, isDoc, type Doc } from "../value.ts";
import type { TextField, ValueField } from "./field-data.ts";
import type { SearchIndexData } from "./search-index.ts";

/** Documents that match with their score. */
export type Scores = Map<string, number>;

export interface Evaluation {
  readonly index: SearchIndexData;
  /** Why a clause can match nothing although the server does not say so. */
  readonly silence: (reason: string) => void;
}

export function fail(path: string, message: string): never {
  throw new ServerError("BadValue", `"${path}" ${message}`);
}

export function only(body: Doc, names: readonly string[], at: string): void {
  const stranger = Object.keys(body).find((name) => !names.includes(name));
  if (stranger !== undefined) fail(`${at}.${stranger}`, "unrecognized field");
}

/** The paths of a clause: a string, a list, or `{value, multi}`. */
export function pathsOf(body: Doc): readonly { readonly path: string; readonly multi: string | null }[] {
  const value = body["path"];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((part) => {
    if (typeof part === "string" && part !== "") return { path: part, multi: null };
    if (isDoc(part) && part["wildcard"] !== undefined) throw notImplemented("wildcard paths");
    if (isDoc(part) && typeof part["value"] === "string")
      return { path: part["value"], multi: asText(part["multi"]) || null };
    return fail("path", "is required");
  });
}

/** Fields at a clause's paths; a path that has none is a silence. */
export function textFields(body: Doc, evaluation: Evaluation): readonly TextField[] {
  return pathsOf(body).flatMap(({ path, multi }) => {
    const found = evaluation.index.texts.filter(({ field }) => field.path === path && field.multi === multi);
    if (found.length === 0) evaluation.silence(`path ${path}${multi ? ` multi ${multi}` : ""} is not mapped as string`);
    return warnIfDotted(found, evaluation);
  });
}

export function warnIfDotted<F extends TextField | ValueField>(
  found: readonly F[],
  evaluation: Evaluation,
): readonly F[] {
  for (const { field } of found)
    if (field.names.some((name) => name.includes(".")))
      evaluation.silence(`path ${field.path} is mapped by a dotted key, which indexes nothing`);
  return found;
}
