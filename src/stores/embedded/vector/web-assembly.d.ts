/** The part of WebAssembly that the kernels use; Node's own types leave it out. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    /** In pages of 64 KiB; returns the number of pages there were. */
    grow(pages: number): number;
  }
  interface Module {
    readonly [Symbol.toStringTag]: "WebAssembly.Module";
  }
  const Module: new (bytes: Uint8Array) => Module;
  class Instance {
    constructor(module: Module, imports: { env: { table: unknown; scratch: Memory } });
    readonly exports: Record<string, (...args: number[]) => void>;
  }
}
