import { z } from "zod";
import { problemType } from "./problem.ts";
import type { Route } from "./route.ts";

/** The OpenAPI 3.1 document of these routes. Its schemas are those that check the requests. */
export function openApiDocument(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    openapi: "3.1.0",
    info: {
      title: "HybridRAG",
      version,
      description: "Answers questions from your own documents; every citation is checked against its source.",
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key (hrk_…) or a token of the identity provider." },
      },
      schemas: { Problem: schemaOf(problemSchema, "output") },
    },
  };
}

const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  nearest: z.array(z.string()).optional().describe("Names that are like the one that is not known."),
  error: z
    .object({ message: z.string(), type: z.string(), code: z.string(), param: z.string().nullable() })
    .optional()
    .describe("For clients of OpenAI."),
});

const schemaOf = (schema: z.ZodType, io: "input" | "output"): unknown => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<string, unknown>;
  return rest;
};

function operation(route: Route): Record<string, unknown> {
  return {
    operationId: `${route.method}${route.path.replaceAll(/[{}]/g, "").replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string = "") => next.toUpperCase())}`,
    summary: route.summary,
    tags: [route.tag],
    ...(route.needs === null ? {} : { security: [{ key: [] }], "x-scope": route.needs }),
    parameters: [
      ...parametersOf(route.params, "path"),
      ...parametersOf(route.query, "query"),
      ...(route.idempotent
        ? [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 200 } }]
        : []),
    ],
    ...bodyOf(route),
    responses: responsesOf(route),
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): readonly unknown[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    properties?: Record<string, { description?: string }>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function bodyOf(route: Route): Record<string, unknown> {
  if (route.upload) {
    const schema = {
      type: "object",
      required: ["file"],
      properties: { file: { type: "string", contentMediaType: "application/octet-stream" } },
    };
    return { requestBody: { required: true, content: { "multipart/form-data": { schema } } } };
  }
  if (!route.body) return {};
  return {
    requestBody: { required: true, content: { "application/json": { schema: schemaOf(route.body, "input") } } },
  };
}

function responsesOf(route: Route): Record<string, unknown> {
  const answers = Object.entries(route.responses).map(([status, schema]) => {
    const json = schema === null ? {} : { "application/json": { schema: schemaOf(schema, "output") } };
    const events = route.streams ? { "text/event-stream": { schema: { type: "string" } } } : {};
    const text = Object.fromEntries((route.textTypes ?? []).map((type) => [type, { schema: { type: "string" } }]));
    const content = { ...json, ...events, ...text };
    return [status, { description: route.summary, ...(Object.keys(content).length > 0 ? { content } : {}) }];
  });
  const problem = {
    description: "A problem document (RFC 9457)",
    content: { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } },
  };
  return { ...Object.fromEntries(answers), default: problem };
}
