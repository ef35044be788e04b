export interface NumberInText {
  /** As written, without the blank or sign around it. */
  readonly text: string;
  /** Its value with separators removed, before any scale. */
  readonly value: number;
  /** Digits behind the decimal point. */
  readonly decimals: number;
  /** 1, or what a word such as "million" right behind it says. */
  readonly scale: number;
}

const pattern =
  /(?<![\p{L}\p{N}.,])(?:\d{1,3}(?:[,\u00A0\u202F ]\d{3})+|\d+)(?:\.\d+)?(?![\p{L}\p{N}])(?:[ -]?(thousand|million|billion|trillion|k|m|bn)\b)?|(?<![\p{L}\p{N}.,])\d+(?:\.\d+)?(?=(?:k|m|bn|st|nd|rd|th|s|%)\b)/giu;

const scales: Readonly<Record<string, number>> = {
  thousand: 1e3,
  k: 1e3,
  million: 1e6,
  m: 1e6,
  billion: 1e9,
  bn: 1e9,
  trillion: 1e12,
};

/** Numbers written in digits: 1,234.5 is one number, the 3 of "CO3" is none. */
export function numbersIn(text: string): readonly NumberInText[] {
  return [...text.matchAll(pattern)].map(([whole, scale]) => {
    const written = scale === undefined ? whole : whole.slice(0, -scale.length).replace(/[ -]$/, "");
    const digits = written.replaceAll(/[,\u00A0\u202F ]/g, "");
    return {
      text: written,
      value: Number(digits),
      decimals: digits.split(".")[1]?.length ?? 0,
      scale: scale === undefined ? 1 : (scales[scale.toLowerCase()] ?? 1),
    };
  });
}

/**
 * Whether a source's number says what the claim's number says: equal once the source's is rounded to the claim's
 * decimals; a scale of thousand, million or billion between the two counts only when the claim has decimals or names
 * a scale. Never a tolerance: that lets changed digits through.
 */
export function saysSameNumber(claim: NumberInText, source: NumberInText): boolean {
  const mayScale = claim.decimals > 0 || claim.scale > 1;
  const steps = mayScale ? [1, 1e3, 1e6, 1e9] : [1];
  return steps.some(
    (step) =>
      equalRounded(source.value / step, claim) ||
      (mayScale && equalRounded((source.value * source.scale) / step, claim)),
  );
}

const equalRounded = (value: number, claim: NumberInText): boolean =>
  Math.abs(Number(value.toFixed(claim.decimals)) - claim.value) < 1e-9 * Math.max(1, Math.abs(claim.value));
