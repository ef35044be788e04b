import type { Dense } from "./bert-weights.ts";
import type { Multiply } from "./forward.ts";
import { multiplyKernel, type KernelExports } from "./multiply-kernel.ts";
import { wasm, type WasmMemory } from "./web-assembly.ts";

/** The product by its definition, in plain JavaScript: the reference for the other one. */
export const multiplyPlainly: Multiply = (input, rows, { weight, bias, inputs, outputs }) => {
  const out = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = bias[output]!;
      for (let at = 0; at < inputs; at++) sum += input[row * inputs + at]! * weight[output * inputs + at]!;
      out[row * outputs + output] = sum;
    }
  }
  return out;
};

const pageBytes = 65_536;

/**
 * The product in WebAssembly. Weights are copied into its memory once, so keep the function as long as the weights.
 * Widths that are no multiple of four are left to the plain form.
 */
export function createWasmMultiply(): Multiply {
  const memory = new wasm.Memory({ initial: 1 });
  const kernels = new Map<number, KernelExports>();
  const placed = new Map<Dense, Placed>();
  let scratch: Region = { start: 0, size: 0 };
  let used = 0;

  const reserve = (bytes: number): Region => {
    const region = { start: used, size: bytes };
    used += Math.ceil(bytes / 16) * 16;
    const missing = Math.ceil((used - memory.buffer.byteLength) / pageBytes);
    if (missing > 0) memory.grow(missing);
    return region;
  };
  const write = (start: number, data: Float32Array): void => new Float32Array(memory.buffer).set(data, start / 4);
  const place = (dense: Dense): Placed => {
    const [weight, bias] = [dense.weight, dense.bias].map((data) => {
      const { start } = reserve(data.byteLength);
      write(start, data);
      return start;
    }) as [number, number];
    return { weight, bias };
  };

  return (input, rows, dense) => {
    const { inputs, outputs } = dense;
    if (inputs % 4 !== 0 || outputs % 4 !== 0) return multiplyPlainly(input, rows, dense);
    const kernel = remembered(kernels, inputs, () => openKernel(inputs, memory));
    const { weight, bias } = remembered(placed, dense, () => place(dense));
    const evenRows = rows + (rows % 2);
    const needed = evenRows * (inputs + outputs) * 4;
    if (scratch.size < needed) scratch = reserve(needed);
    const output = scratch.start + evenRows * inputs * 4;
    write(scratch.start, input);
    kernel.multiply(scratch.start, weight, bias, output, evenRows, outputs);
    return new Float32Array(memory.buffer, output, rows * outputs).slice();
  };
}

interface Region {
  readonly start: number;
  readonly size: number;
}

interface Placed {
  readonly weight: number;
  readonly bias: number;
}

function openKernel(inputs: number, memory: WasmMemory): KernelExports {
  const module = new wasm.Module(multiplyKernel(inputs));
  return new wasm.Instance(module, { env: { memory } }).exports as KernelExports;
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
