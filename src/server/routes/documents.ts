import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { HybridRAGError, type ErrorCode } from "../../errors.ts";
import { filterOf, jsonOf } from "../json-field.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import type { FileOutcome, FileResult } from "../../ingest/ingest-events.ts";
import type { GivenDocument } from "../../ingest/sources.ts";
import { ok, route, type Call, type Route } from "../route.ts";
import { checkMetadata, documentIdSchema, documentSchema, pageOf, pageQuery } from "../schemas.ts";

const fileResult = z.object({
  path: z.string(),
  outcome: z.enum(["indexed", "updated", "unchanged", "empty", "refused", "failed"]),
  reason: z.string().nullable(),
  document_id: z.string(),
  chunks: z.int(),
});

const params = z.strictObject({ document_id: documentIdSchema });

const missing = (): never => {
  throw new HybridRAGError("not_found", "There is no such document.");
};

export function documentRoutes(rag: HybridRAG): readonly Route[] {
  const { documents } = rag.store;
  return [
    route({
      method: "get",
      path: "/v1/documents",
      summary: "Documents, ordered by id",
      tag: "documents",
      needs: "query",
      query: pageQuery.extend({ filters: z.string().max(20_000).optional().describe("Conditions as JSON.") }),
      responses: { 200: pageOf("documents", documentSchema) },
      handle: async ({ principal, query, signal }) => {
        const filter = filterOf(query.filters);
        const request = { limit: query.limit, cursor: query.cursor ?? null, filter };
        const page = await documents.list(principal.scope, request, { signal });
        return ok({ documents: page.items, next: page.next });
      },
    }),
    route({
      method: "post",
      path: "/v1/documents",
      summary: "Uploads one file",
      tag: "documents",
      needs: "ingest",
      upload: uploadOf,
      idempotent: true,
      responses: { 200: fileResult, 201: fileResult },
      handle: async (call) => {
        const result = await ingestOne(rag, call, call.uploaded!);
        return ok(result, result.outcome === "unchanged" ? 200 : 201);
      },
    }),
    route({
      method: "get",
      path: "/v1/documents/{document_id}",
      summary: "One document with its stored text",
      tag: "documents",
      needs: "query",
      params,
      responses: { 200: documentSchema.extend({ text: z.string() }) },
      handle: async ({ principal, params: { document_id }, signal }) => {
        const [document, text] = await Promise.all([
          documents.get(principal.scope, document_id, { signal }),
          documents.text(principal.scope, document_id, { signal }),
        ]);
        return document && text !== null ? ok({ ...document, text }) : missing();
      },
    }),
    route({
      method: "delete",
      path: "/v1/documents/{document_id}",
      summary: "Removes a document with everything that it alone asserted",
      tag: "documents",
      needs: "ingest",
      params,
      responses: { 204: null },
      handle: async ({ principal, params: { document_id }, signal }) =>
        (await documents.delete(principal.scope, document_id, { signal })) ? ok(undefined, 204) : missing(),
    }),
  ];
}

type AnyCall = Pick<Call<unknown, unknown, unknown>, "principal" | "signal">;

/** The file under `file`; `title`, `document_id`, `source` and `metadata` (JSON) may stand before it. */
async function uploadOf(raw: FastifyRequest): Promise<GivenDocument> {
  if (!raw.isMultipart()) {
    throw new HybridRAGError("unsupported_type", 'Send multipart/form-data with the file in the field "file".');
  }
  const upload = await raw.file().catch(unreadableForm);
  if (!upload || upload.fieldname !== "file") {
    throw new HybridRAGError("invalid_input", 'The field "file" is missing.', { details: { path: "/file" } });
  }
  const bytes = await upload.toBuffer().catch(unreadableForm);
  const field = (name: string): string | undefined => {
    const part = upload.fields[name];
    return part && !Array.isArray(part) && part.type === "field" && typeof part.value === "string"
      ? part.value
      : undefined;
  };
  const metadata = field("metadata");
  const optional = { title: field("title"), document_id: field("document_id") };
  return {
    source: field("source") ?? upload.filename,
    bytes,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    ...(metadata === undefined
      ? {}
      : { metadata: checkMetadata(jsonOf(metadata, "metadata", "invalid_input"), "/metadata") }),
  };
}

/** The parser's own errors have no status: they are all about what was sent. */
function unreadableForm(error: unknown): never {
  if (typeof (error as { readonly statusCode?: unknown }).statusCode === "number") throw error;
  throw new HybridRAGError("invalid_input", "The form data cannot be read to its end.", {
    cause: error,
    details: { path: "/" },
  });
}

const refusalCodes: Partial<Record<FileOutcome, ErrorCode>> = {
  refused: "unreadable",
  empty: "no_text",
  failed: "store_failed",
};

/** @throws HybridRAGError when the document was not stored, with the reason of the reader. */
async function ingestOne(rag: HybridRAG, { principal, signal }: AnyCall, document: GivenDocument): Promise<FileResult> {
  let result: FileResult | null = null;
  for await (const event of rag.ingest(principal.scope, [document], { cwd: "/", signal })) {
    if (event.type === "file") result = event.result;
  }
  if (result === null) throw new HybridRAGError("store_failed", "The upload was not taken; send it again.");
  const code = refusalCodes[result.outcome];
  if (code) throw new HybridRAGError(code, result.reason ?? "The document cannot be read.");
  return result;
}
