/** The client of the service; runs wherever `fetch` does. */
export { createClient } from "./client.ts";
export {
  type AskedQuestion,
  type CallSettings,
  type Client,
  type ClientOptions,
  type NewDocument,
  type NewKeyRequest,
  type Question,
  type ShownKey,
} from "./client-types.ts";
export { sliceCodePoints } from "../text/code-points.ts";
