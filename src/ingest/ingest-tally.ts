import type { EventChannel } from "./event-channel.ts";
import type { FileOutcome, FileResult, IngestEvent } from "./ingest-events.ts";

/** Counts what happens and sends the events that tell it; progress at most four times a second. */
export interface IngestTally {
  expect(files: number): void;
  file(result: FileResult): void;
  embedded(texts: number): void;
  unread(passages: number): void;
  vanished(path: string, document_id: string, pruned: boolean): void;
  summary(interrupted: boolean): void;
}

const progressEveryMs = 250;

export function ingestTally(channel: EventChannel<IngestEvent>, now: () => number): IngestTally {
  const began = now();
  const outcomes: Record<FileOutcome, number> = {
    indexed: 0,
    updated: 0,
    unchanged: 0,
    empty: 0,
    refused: 0,
    failed: 0,
  };
  let total = 0;
  let done = 0;
  let chunks = 0;
  let embedded = 0;
  let unread = 0;
  let vanished = 0;
  let reported = began;

  const seconds = (): number => Math.max(0.001, (now() - began) / 1000);
  const progress = (): void => {
    reported = now();
    const processed = Math.max(embedded, chunks);
    channel.send({
      type: "progress",
      progress: {
        done,
        total,
        chunks: processed,
        chunks_per_second: processed / seconds(),
        eta_seconds: done === 0 ? null : (seconds() / done) * (total - done),
      },
    });
  };
  const maybeProgress = (): void => {
    if (now() - reported >= progressEveryMs) progress();
  };

  return {
    expect(files) {
      total = files;
      channel.send({ type: "discovered", files });
    },
    file(result) {
      done += 1;
      outcomes[result.outcome] += 1;
      if (result.outcome === "indexed" || result.outcome === "updated") chunks += result.chunks;
      channel.send({ type: "file", result });
      maybeProgress();
    },
    embedded(texts) {
      embedded += texts;
      maybeProgress();
    },
    unread(passages) {
      unread += passages;
    },
    vanished(path, document_id, pruned) {
      vanished += 1;
      channel.send({ type: "vanished", path, document_id, pruned });
    },
    summary(interrupted) {
      progress();
      const documents = outcomes.indexed + outcomes.updated;
      const counts = { documents, chunks, embedded, unread_passages: unread, vanished };
      channel.send({ type: "summary", summary: { outcomes, ...counts, seconds: seconds(), interrupted } });
    },
  };
}
