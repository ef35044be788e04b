/** The client of the service; runs wherever `fetch` does. */
export {
  createClient,
  type AskedQuestion,
  type CallSettings,
  type Client,
  type ClientOptions,
  type NewDocument,
  type Question,
} from "./client.ts";
