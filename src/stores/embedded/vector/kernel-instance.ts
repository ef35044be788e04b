import type { Bitmap } from "../bitmap.ts";
import { kernels } from "./kernels.ts";
import type { SharedMemory } from "./shared-rows.ts";

/** The compiled kernels over one table, with memory of their own for queries and results. */
export interface KernelInstance {
  readonly run: Record<string, (...args: number[]) => void>;
  /** Makes room for so many bytes and returns the memory; views of it are stale after the next call. */
  room(bytes: number): ArrayBuffer;
}

const pageBytes = 65_536;

/** Null when this runtime cannot run them. */
export function kernelInstance(table: SharedMemory): KernelInstance | null {
  try {
    const scratch = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(Buffer.from(kernels, "base64"));
    const { exports: run } = new WebAssembly.Instance(module, { env: { table, scratch } });
    const room = (bytes: number): ArrayBuffer => {
      const missing = Math.ceil(bytes / pageBytes) - scratch.buffer.byteLength / pageBytes;
      if (missing > 0) scratch.grow(missing);
      return scratch.buffer as ArrayBuffer;
    };
    return { run, room };
  } catch {
    return null;
  }
}

/** Copies a bitmap, without slots from `rows` on. */
export function placeBitmap(bitmap: Bitmap, rows: number, target: Uint8Array): void {
  const used = (rows + 7) >>> 3;
  target.fill(0);
  target.set(bitmap.subarray(0, used));
  if (rows % 8 !== 0) target[used - 1] = (target[used - 1] as number) & ((1 << (rows % 8)) - 1);
}
