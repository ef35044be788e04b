import { commonWords } from "../text/common-words.ts";

/** Words that speak of a collection, of its parts and of what it is about, and of nothing in it. */
const overviewWords: ReadonlySet<string> = new Set(
  (
    "theme themes topic topics subject subjects area areas issue issues idea ideas point points trend trends " +
    "content contents overview overviews summary summaries gist outline main major key central principal important " +
    "dominant overarching high level top common recurring recurrent frequent general overall broad broadly different various " +
    "document documents doc docs text texts file files page pages passage passages source sources record records " +
    "collection collections corpus dataset data set sets archive archives library knowledge base database material materials " +
    "information article articles paper papers report reports book books story stories note notes message messages mail " +
    "mails email emails conversation conversations chat chats discussion discussions post posts " +
    "entire whole complete full together discussed discuss discusses covered cover covers deal deals dealing talk talks " +
    "talking talked written concern concerns concerned revolve revolves contain contains contained include includes " +
    "included find found present presented identify summarizing summarising summarize summarise give overview big picture"
  ).split(" "),
);

/**
 * Whether a question is put to the collection as a whole ("What are the main themes of these documents?"): it has a word
 * for that, and no word that asks for anything in it.
 */
export function isOverviewQuestion(question: string): boolean {
  const words =
    question
      .toLowerCase()
      .replaceAll(/['’]/g, "")
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return (
    words.some((word) => overviewWords.has(word)) &&
    words.every((word) => overviewWords.has(word) || commonWords.has(word))
  );
}
