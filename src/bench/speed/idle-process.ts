/** Does nothing and watches its loop: how late it comes is the machine's doing, not ours. */
import { watchLoop } from "./loop-watch.ts";

const figures = watchLoop();
process.once("message", () => {
  process.send?.(figures());
  process.disconnect();
});
