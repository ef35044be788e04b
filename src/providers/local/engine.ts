/** What runs the model inside a worker: one framed list of token ids to one unit-length vector. */
export type EngineName = "onnx" | "portable";

export interface Engine {
  readonly name: EngineName;
  /** How weights are held; vectors of two types are alike, not equal. */
  readonly dtype: "int8" | "int7" | "fp32";
  /** Whether the graph was ready on disk or had to be built. */
  readonly origin: "cache" | "built";
  run(tokens: Int32Array): Promise<Float32Array>;
  close(): Promise<void>;
}
