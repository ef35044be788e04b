import { numbersIn } from "./numbers.ts";

/** What kind of thing a question asks for, where its words say so. */
export type AnswerType = "date" | "measure" | "number" | "name";

const date = /\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b|\bhow long ago\b/i;
/** A time or a length: a number alone is none. */
const measure = /\bhow (?:long|far|tall|wide|deep)\b/i;
const number = /\bhow (?:many|much|old|large|big|high|often|fast)\b|\b(?:percentage|number|amount|population) of\b/i;
const name =
  /\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:\w+ ){0,2}(?:person|people|man|woman|player|actor|actress|singer|author|writer|director|president|company|organi[sz]ation|team|band|group|university|school|college|city|town|country|county|state|province|region|river|place|island|language|name|network|label|publisher|district|village|continent)\b|\bname of\b/i;
const open =
  /^\s*(?:why|how (?!many|much|long|far|old|tall|large|big|high|deep|often|fast)|is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b/i;

/** Null for yes-or-no questions, reasons, explanations and everything else: no form of answer is expected then. */
export function answerType(question: string): AnswerType | null {
  if (open.test(question)) return null;
  if (date.test(question)) return "date";
  if (measure.test(question)) return "measure";
  if (number.test(question)) return "number";
  return name.test(question) ? "name" : null;
}

const months = "January|February|March|April|May|June|July|August|September|October|November|December";
const dates = new RegExp(`\\b(?:1[0-9]|20)\\d\\d\\b|\\b(?:${months})\\b|\\b\\d{1,2}/\\d{1,2}/\\d{2,4}\\b`, "g");
const numbersAsWords =
  "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|billion|dozen";
const numberWords = new RegExp(`\\b(?:${numbersAsWords})\\b`, "gi");
const units =
  "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?|decades?|centur(?:y|ies)|" +
  "mm|cm|km|met(?:re|er)s?|(?:kilo|centi|milli)met(?:re|er)s?|inch(?:es)?|feet|foot|ft|yards?|miles?";
const measures = new RegExp(
  `\\d[ -]?(?:${units}|m|h|s)\\b|\\b(?:an?|one|half an?|${numbersAsWords})(?: and a half)?[ -](?:${units})\\b`,
  "i",
);
const capitalisedWord = /\p{Lu}[\p{L}\p{N}’'-]+/gu;

/** Whether a unit holds a thing of this kind that the question does not already name. `asked`: its words, lower case. */
export function holdsAnswerType(unit: string, type: AnswerType, asked: ReadonlySet<string>): boolean {
  const isNew = (word: string) => !asked.has(word.toLowerCase());
  switch (type) {
    case "date":
      return (unit.match(dates) ?? []).some(isNew);
    case "measure":
      return measures.test(unit);
    case "number":
      return numbersIn(unit).some(({ text }) => isNew(text)) || (unit.match(numberWords) ?? []).some(isNew);
    case "name":
      return [...unit.matchAll(capitalisedWord)].some(({ 0: word, index }) => index > 0 && isNew(word));
  }
}

export const wordsOf = (question: string): ReadonlySet<string> =>
  new Set(question.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}’'.,-]*[\p{L}\p{N}]|[\p{L}\p{N}]/gu) ?? []);
