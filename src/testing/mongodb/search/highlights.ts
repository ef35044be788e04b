import { asDoc, asNumber, isDoc, type Doc } from "../value.ts";
import { analyzerNamed } from "./analysis.ts";
import { only, textFields, type Evaluation } from "./clause.ts";

/** What the text operators of a query look for. */
function wordsOf(clause: unknown): readonly string[] {
  if (Array.isArray(clause)) return clause.flatMap(wordsOf);
  if (!isDoc(clause)) return [];
  return Object.entries(clause).flatMap(([name, value]) =>
    name === "query" ? [value].flat().map(String) : wordsOf(value),
  );
}

/** `highlight`: the sentences of a path that hold a word of the query, cut into hits and what is between them. */
export function highlighter(option: unknown, operator: Doc, evaluation: Evaluation): (document: Doc) => readonly Doc[] {
  const body = asDoc(option);
  only(body, ["path", "maxNumPassages", "maxCharsToExamine"], "highlight");
  const most = asNumber(body["maxNumPassages"], 5);
  const length = asNumber(body["maxCharsToExamine"], 500_000);
  const fields = textFields(body, evaluation);
  const wanted = fields.map(
    (field) => new Set(wordsOf(operator).flatMap((query) => field.analyzeQuery(query).map(({ text }) => text))),
  );
  return (document) =>
    fields.flatMap(({ field }, index) => {
      const analyze = analyzerNamed(String(field.options["analyzer"]));
      const isHit = (word: string): boolean => analyze(word).some(({ text }) => wanted[index]!.has(text));
      const text = field.names.reduce<unknown>((value, name) => (isDoc(value) ? value[name] : undefined), document);
      if (typeof text !== "string") return [];
      return text
        .slice(0, length)
        .split(/(?<=[.!?])\s+/)
        .map((sentence) => passageOf(sentence, isHit))
        .filter((texts) => texts.some(({ type }) => type === "hit"))
        .map((texts) => ({ path: field.path, texts, score: texts.filter(({ type }) => type === "hit").length }))
        .toSorted((a, b) => b.score - a.score)
        .slice(0, most);
    });
}

interface Piece {
  readonly value: string;
  readonly type: "hit" | "text";
}

function passageOf(sentence: string, isHit: (word: string) => boolean): readonly Piece[] {
  const pieces = sentence.split(/(?<=\w)(?=\W)|(?<=\W)(?=\w)/).map((value): Piece => ({
    value,
    type: /\w/.test(value) && isHit(value) ? "hit" : "text",
  }));
  return pieces.reduce<readonly Piece[]>((joined, piece) => {
    const last = joined.at(-1);
    if (last?.type !== "text" || piece.type !== "text") return [...joined, piece];
    return [...joined.slice(0, -1), { value: last.value + piece.value, type: "text" }];
  }, []);
}
