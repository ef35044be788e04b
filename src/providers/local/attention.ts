/**
 * Scaled dot-product attention for one text. Heads are copied into doubles, padded to four rows, and summed in four
 * independent sums: that keeps a processor busy that would otherwise wait for each addition.
 * @see https://arxiv.org/abs/1706.03762
 */

/** A row of `projected` is query, key and value one behind the other, each `width` long. */
export function attend(projected: Float32Array, rows: number, width: number, heads: number): Float32Array {
  const size = width / heads;
  const out = new Float32Array(rows * width);
  const paddedRows = Math.ceil(rows / 4) * 4;
  const [query, key, value] = [0, 1, 2].map(() => new Float64Array(paddedRows * size)) as [Head, Head, Head];
  const scores = new Float64Array(paddedRows);
  for (let head = 0; head < heads; head++) {
    for (const [part, target] of [query, key, value].entries()) {
      copyHead(projected, rows, 3 * width, part * width + head * size, size, target);
    }
    for (let row = 0; row < rows; row++) {
      scoreRow(query, row, key, size, scores);
      softmax(scores, rows, 1 / Math.sqrt(size));
      mixRow(scores, rows, value, size, out, row * width + head * size);
    }
  }
  return out;
}

type Head = Float64Array<ArrayBuffer>;

function copyHead(from: Float32Array, rows: number, stride: number, shift: number, size: number, to: Head): void {
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < size; at++) to[row * size + at] = from[row * stride + shift + at]!;
  }
}

function scoreRow(query: Head, row: number, key: Head, size: number, scores: Head): void {
  const start = row * size;
  for (let other = 0; other < scores.length; other += 4) {
    let at0 = other * size;
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let at = start; at < start + size; at++, at0++) {
      const factor = query[at]!;
      sum0 += factor * key[at0]!;
      sum1 += factor * key[at0 + size]!;
      sum2 += factor * key[at0 + 2 * size]!;
      sum3 += factor * key[at0 + 3 * size]!;
    }
    scores[other] = sum0;
    scores[other + 1] = sum1;
    scores[other + 2] = sum2;
    scores[other + 3] = sum3;
  }
}

/** Over the first `rows` scores; those behind are padding. */
function softmax(scores: Head, rows: number, scale: number): void {
  let largest = -Infinity;
  for (let at = 0; at < rows; at++) largest = Math.max(largest, scores[at]!);
  let sum = 0;
  for (let at = 0; at < rows; at++) sum += scores[at] = Math.exp((scores[at]! - largest) * scale);
  for (let at = 0; at < rows; at++) scores[at] = scores[at]! / sum;
}

function mixRow(shares: Head, rows: number, value: Head, size: number, out: Float32Array, target: number): void {
  for (let at = 0; at < size; at += 4) {
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let row = 0, from = at; row < rows; row++, from += size) {
      const share = shares[row]!;
      sum0 += share * value[from]!;
      sum1 += share * value[from + 1]!;
      sum2 += share * value[from + 2]!;
      sum3 += share * value[from + 3]!;
    }
    out[target + at] = sum0;
    out[target + at + 1] = sum1;
    out[target + at + 2] = sum2;
    out[target + at + 3] = sum3;
  }
}
