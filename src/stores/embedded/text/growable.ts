/** A list of unsigned 32-bit integers that grows and never shrinks. `array` is replaced when it grows. */
export interface GrowableUint32 {
  readonly length: number;
  readonly array: Uint32Array;
  push(value: number): void;
}

export function growableUint32(): GrowableUint32 {
  let array = new Uint32Array(256);
  let length = 0;
  return {
    get length() {
      return length;
    },
    get array() {
      return array;
    },
    push: (value) => {
      if (length === array.length) {
        const larger = new Uint32Array(length * 2);
        larger.set(array);
        array = larger;
      }
      array[length++] = value;
    },
  };
}
