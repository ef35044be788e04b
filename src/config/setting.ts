import { z } from "zod";

/** One setting: where it comes from, what it may be, and what it does. */
export interface Setting<T extends z.ZodType = z.ZodType> {
  /** The environment variable. */
  readonly env: string;
  readonly schema: T;
  readonly group: "data" | "models" | "retrieval" | "answers" | "service" | "operations";
  readonly about: string;
  /** Never printed, never written to a log. */
  readonly secret?: true;
}

export const setting = <T extends z.ZodType>(
  env: string,
  group: Setting["group"],
  schema: T,
  about: string,
): Setting<T> => ({
  env,
  group,
  schema,
  about,
});

export const secret = (
  env: string,
  group: Setting["group"],
  about: string,
): Setting<z.ZodOptional<z.ZodString>> & { readonly secret: true } => ({
  env,
  group,
  about,
  schema: z.string().min(1).optional(),
  secret: true,
});

export const flag = z.preprocess(
  (value) => (value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : value),
  z.boolean(),
);
export const number = z.coerce.number();
export const whole = number.int();

/** JSON in the environment, an object in the file of settings. */
export const jsonOf = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value, context) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue("it is no JSON");
      return z.NEVER;
    }
  }, schema);

/** A list, or its members separated by commas. */
export const list = z.preprocess(
  (value) =>
    typeof value === "string"
      ? value
          .split(",")
          .map((member) => member.trim())
          .filter((member) => member !== "")
      : value,
  z.array(z.string().min(1)).default([]),
);
