/**
 * Assembles the WebAssembly kernel of the matrix product: two rows of input against four rows of weights at a time,
 * in eight 128-bit sums. One module per input width, so every stride is an immediate.
 * @see https://webassembly.github.io/spec/core/binary/
 */

export interface KernelExports {
  /** Byte addresses; `rows` is a multiple of 2, `outputs` of 4. */
  multiply(input: number, weight: number, bias: number, output: number, rows: number, outputs: number): void;
}

type Code = readonly number[];

const I32 = 0x7f;
const V128 = 0x7b;

/** Locals: the six parameters, then what the loops need. */
const [input, weight, bias, output, rows, outputs] = [0, 1, 2, 3, 4, 5] as const;
const [left, weightAt, biasAt, inputAt, inputEnd, rowWeight] = [6, 7, 8, 9, 10, 11] as const;
const sums = [12, 13, 14, 15, 16, 17, 18, 19] as const;
const [first, second, factor] = [20, 21, 22] as const;

/** LEB128. */
const unsigned = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);

const signed = (value: number): Code =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];

const code = (...parts: readonly Code[]): Code => parts.flat();
const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
/** Sets a local and leaves the value. */
const keep = (local: number): Code => [0x22, local];
const constant = (value: number): Code => [0x41, ...signed(value)];
const add: Code = [0x6a];
const below: Code = [0x49];
const load = (pointer: number, offset: number): Code => [...get(pointer), 0xfd, 0x00, 4, ...unsigned(offset)];
const store: Code = [0xfd, 0x0b, 4, 0];
const addLanes: Code = [0xfd, 0xe4, 0x01];
const multiplyLanes: Code = [0xfd, 0xe6, 0x01];
const zero: Code = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];
const bytesOfOutputs = code(get(outputs), constant(2), [0x74]);
const copy = (from: number, to: number): Code => code(get(from), set(to));
const advance = (local: number, by: Code): Code => code(get(local), by, add, set(local));
/** Repeats `body` as long as the condition that it leaves is not zero. */
const loop = (...body: readonly Code[]): Code => [0x03, 0x40, ...code(...body), 0x0d, 0, 0x0b];

/** `inputs` is a multiple of 4. The module imports `memory` and exports `multiply`. */
export function multiplyKernel(inputs: number): Uint8Array<ArrayBuffer> {
  const locals = [2, 6, I32, sums.length + 3, V128];
  const body = code(locals, rowLoop(inputs * 4), [0x0b]);
  return Uint8Array.from(
    code(
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]),
      section(2, code([1], name("env"), name("memory"), [0x02, 0x00, 0])),
      section(3, [1, 0]),
      section(7, code([1], name("multiply"), [0x00, 0])),
      section(10, code([1], unsigned(body.length), body)),
    ),
  );
}

const rowLoop = (stride: number): Code =>
  loop(
    code(copy(weight, weightAt), copy(bias, biasAt), copy(outputs, left)),
    loop(outputBlock(stride)),
    advance(input, constant(2 * stride)),
    advance(output, bytesOfOutputs),
    code(get(rows), constant(-2), add, keep(rows)),
  );

/** Two rows against four outputs. */
const outputBlock = (stride: number): Code =>
  code(
    sums.flatMap((sum) => code(zero, set(sum))),
    code(get(input), keep(inputAt), constant(stride), add, set(inputEnd), copy(weightAt, rowWeight)),
    loop(accumulate(stride)),
    code(get(output), sumLanes(sums.slice(0, 4)), load(biasAt, 0), addLanes, store),
    code(get(output), bytesOfOutputs, add, sumLanes(sums.slice(4)), load(biasAt, 0), addLanes, store),
    advance(biasAt, constant(16)),
    advance(output, constant(16)),
    advance(weightAt, constant(4 * stride)),
    code(get(left), constant(-4), add, keep(left)),
  );

/** Four numbers of every row. */
function accumulate(stride: number): Code {
  const addProduct = (sum: number, row: number): Code =>
    code(get(sum), get(row), get(factor), multiplyLanes, addLanes, set(sum));
  return code(
    code(load(inputAt, 0), set(first), load(inputAt, stride), set(second)),
    ...[0, 1, 2, 3].map((at) =>
      code(
        code(load(rowWeight, at * stride), set(factor)),
        code(addProduct(sums[at]!, first), addProduct(sums[at + 4]!, second)),
      ),
    ),
    advance(rowWeight, constant(16)),
    advance(inputAt, constant(16)),
    code(get(inputAt), get(inputEnd), below),
  );
}

/** Four vectors to one that holds the sum of each. */
function sumLanes([a, b, c, d]: readonly number[]): Code {
  const halves = (one: Code, other: Code, low: Code, high: Code): Code =>
    code(one, other, low, one, other, high, addLanes);
  const pair = (one: number, other: number): Code =>
    halves(get(one), get(other), shuffle(0, 4, 1, 5), shuffle(2, 6, 3, 7));
  return code(
    code(pair(a!, b!), set(first), pair(c!, d!), set(second)),
    halves(get(first), get(second), shuffle(0, 1, 4, 5), shuffle(2, 3, 6, 7)),
  );
}

/** Picks four of the eight lanes of two vectors. */
const shuffle = (...lanes: readonly number[]): Code =>
  code(
    [0xfd, 0x0d],
    lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  );

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];

const name = (text: string): Code => [text.length, ...new TextEncoder().encode(text)];
