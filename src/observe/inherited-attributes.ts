import { context, createContextKey, type Attributes, type Context } from "@opentelemetry/api";

const key = createContextKey("hybridrag.inherited-attributes");

/**
 * Attributes that every span inside has as well: Langfuse files each span by the user and the session that stand on
 * it, not by those of its parent.
 */
export const inheritedAttributes = (): Attributes => (context.active().getValue(key) as Attributes | undefined) ?? {};

export const withInherited = (inside: Context, attributes: Attributes): Context =>
  Object.keys(attributes).length === 0 ? inside : inside.setValue(key, { ...inheritedAttributes(), ...attributes });
