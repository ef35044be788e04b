import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";

/** The next number of a counter that all servers share; numbers rise, and a crash may leave one out. */
export async function nextSequence(context: Context, counter: string): Promise<number> {
  const updated = await rows(context, collections.state).findOneAndUpdate(
    { _id: `counter:${counter}` },
    { $inc: { value: 1 } },
    { upsert: true, returnDocument: "after" },
  );
  return Number(updated?.["value"]);
}
