const quantity =
  /\b(?:how (?:much|many|large|high|big|long)|amount|total|sum|average|ratio|percent(?:age)?|margin|rate|growth|revenues?|sales|income|earnings|profit|loss|costs?|price|fees?|expens(?:e|es|diture|ditures)|debt|assets|liabilit(?:y|ies)|cash|dividends?|turnover|budget|capex|ebitda|usd|eur|gbp|dollars?|euros?|pounds|millions?|billions?)\b|[%$€£]/iu;

/** Whether a question asks for figures, which stand where there are many: in tables. */
export const asksForNumbers = (question: string): boolean => quantity.test(question);

/** Share of numbers among the words of a text, twice, 1 at most. */
export function numberDensity(text: string): number {
  let numbers = 0;
  let words = 0;
  for (const [word] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}.,]*/gu)) {
    if (/^[\d.,]+$/.test(word)) numbers++;
    else words++;
  }
  return Math.min(1, (2 * numbers) / (numbers + words + 1));
}
