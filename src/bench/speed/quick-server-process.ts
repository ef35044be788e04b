/** A quick server in a process of its own: `HOST PORT MILLISECONDS`. Says `{port}`, then answers each order with the reads so far. */
import { quickServer } from "./quick-server.ts";

const [host, port, delayMs] = process.argv.slice(2);
let reads = 0;
const server = await quickServer({ host: host!, port: Number(port) }, Number(delayMs), () => {
  reads += 1;
});
process.on("message", (order: "freeze" | "count") => {
  if (order === "freeze") server.freeze();
  process.send!({ reads });
});
process.on("disconnect", () => process.exit(0));
process.send!({ port: server.port });
