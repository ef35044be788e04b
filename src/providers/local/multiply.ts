import type { Multiply } from "./forward.ts";

/** The product by its definition, in plain JavaScript. */
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
