import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

/** What an adapter of a model hands to its contract. */
export interface ModelContract<Port> {
  readonly name: string;
  /** Called once; all cases share the model. */
  open(): Promise<{ readonly model: Port; dispose(): Promise<void> }>;
  /** Promises that this adapter does not keep; each is printed with its reason. */
  readonly skip?: readonly { readonly case: string; readonly reason: string }[];
}

export interface ModelCase<Port> {
  readonly name: string;
  run(model: Port): Promise<void>;
}

/** Registers a test for each promise of a port for models. */
export function registerModelContract<Port>(
  port: string,
  contract: ModelContract<Port>,
  cases: readonly ModelCase<Port>[],
): void {
  describe(`${contract.name} keeps the ${port} contract`, () => {
    let opening: ReturnType<typeof contract.open> | null = null;
    after(async () => (await opening)?.dispose());
    for (const { name, run } of cases) {
      test(name, async (t) => {
        const skipped = contract.skip?.find((one) => one.case === name);
        if (skipped) return t.skip(skipped.reason);
        opening ??= contract.open();
        await run((await opening).model);
      });
    }
    test("skips nothing but promises that exist", () => {
      const strangers = contract.skip?.filter((one) => !cases.some(({ name }) => name === one.case)) ?? [];
      assert.deepEqual(strangers, []);
    });
  });
}

/** Already cancelled: must reject with the reason. Cancelled midway: with the reason, or end as if nothing was. */
export async function honoursSignal(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const reason = new Error("cancelled");
  const given = await call(AbortSignal.abort(reason)).then(
    () => "it resolved",
    (error: unknown) => error,
  );
  assert.equal(given, reason);
  const controller = new AbortController();
  const pending = call(controller.signal).catch((error: unknown) => assert.equal(error, reason));
  controller.abort(reason);
  await pending;
}
