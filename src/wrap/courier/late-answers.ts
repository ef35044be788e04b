import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import type { Warning } from "../../records.ts";
import type { Clock } from "../clock.ts";
import { claimAnswers, longestCallMs, orphans, releaseAnswers } from "./courier-file.ts";
import { type Outcome, readOutcomes } from "./errand.ts";

export interface LateAnswersOptions {
  readonly folder: string;
  readonly clock: Clock;
  /**
   * When it resolves, the answer is safe where whoever asks again will find it. @returns what books it; null: nobody
   * here can read it.
   */
  readonly keep: (outcome: Outcome) => Promise<(() => Promise<void>) | null>;
  readonly signal?: AbortSignal;
}

const lookEveryMs = 50;
/** A courier ends within the time of its calls; this is for one that cannot. */
const longestWaitMs = longestCallMs + 15_000;
const dayMs = 86_400_000;

/**
 * Waits for the couriers of processes that have ended and takes in what they brought, so that nothing of it is asked
 * for again. Says that it waits, and what it found.
 */
export async function* takeInLateAnswers(options: LateAnswersOptions): AsyncGenerator<Warning, void> {
  const { folder, clock, signal } = options;
  const until = clock.now() + longestWaitMs;
  let isTold = false;
  // Twice, because a file that is renamed in that instant may be in no list of the folder.
  while ((orphans(folder, clock.now()) || orphans(folder, clock.now())) > 0 && clock.now() < until) {
    if (!isTold) yield waiting;
    isTold = true;
    await clock.sleep(lookEveryMs, signal);
  }
  let kept = 0;
  for (const path of claimAnswers(folder, String(clock.now()), clock.now())) kept += await takeIn(path, options);
  if (kept > 0) yield found(kept);
}

/** @returns how many answers were kept. */
async function takeIn(path: string, { keep, clock }: LateAnswersOptions): Promise<number> {
  const outcomes = readOutcomes(readFileSync(path, "utf8"));
  const books: (() => Promise<void>)[] = [];
  const unread: Outcome[] = [];
  for (const outcome of outcomes) {
    const book = await keep(outcome);
    if (book !== null) books.push(book);
    else if (clock.now() - outcome.errand.at < dayMs) unread.push(outcome);
  }
  // Booked when nobody can find it here any more: a process that ends between leaves it set aside, and never books twice.
  if (unread.length > 0) {
    writeFileSync(path, unread.map((outcome) => `${JSON.stringify(outcome)}\n`).join(""));
    releaseAnswers(path);
  } else unlinkSync(path);
  for (const book of books) await book();
  return outcomes.filter(({ answer }) => answer !== null).length - unread.length;
}

const waiting: Warning = {
  code: "earlier_calls_under_way",
  message:
    "An earlier run ended while providers were answering it. Waiting for these answers, which are paid for, " +
    `${longestWaitMs / 1000} seconds at most.`,
};

const found = (answers: number): Warning => ({
  code: "earlier_answers_kept",
  message:
    answers === 1
      ? "One answer that an earlier run had paid for arrived after it had ended, and is used now."
      : `${answers} answers that an earlier run had paid for arrived after it had ended, and are used now.`,
});
