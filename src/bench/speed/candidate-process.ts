/** One engine in a process of its own: what it spends can be told from what others spend. */
import { candidateKinds } from "./candidates.ts";
import type { Candidate, CandidateKind } from "./candidate.ts";
import { corpusOf, type Corpus } from "./corpus.ts";
import type { BlockReply, BuildReply, OpenReply, Order, Reply } from "./messages.ts";

process.removeAllListeners("warning");
let opened: { readonly candidate: Candidate; readonly corpus: Corpus } | null = null;

process.on("message", (order: Order) => {
  void answer(order).then(
    (value) => send({ ok: true, value }),
    (error: unknown) =>
      send({ ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

const send = (reply: Reply): void => void process.send?.(reply);

async function answer(order: Order): Promise<BuildReply | OpenReply | BlockReply | null> {
  switch (order.type) {
    case "build":
      return build(kindOf(order.name), order.size, order.folder);
    case "refresh":
      await kindOf(order.name).refresh?.(order.folder);
      return null;
    case "open":
      return open(kindOf(order.name), order.size, order.folder);
    case "block":
      return block(order);
    case "close":
      await opened?.candidate.close();
      setImmediate(() => process.disconnect());
      return null;
  }
}

const kindOf = (name: string): CandidateKind => candidateKinds.find((kind) => kind.name === name)!;

async function build(kind: CandidateKind, size: number, folder: string): Promise<BuildReply> {
  const corpus = corpusOf(size);
  let corpusMs = 0;
  let corpusCpuMs = 0;
  const timed: Corpus = {
    ...corpus,
    passage: (index) => {
      const [started, cpu] = [performance.now(), process.threadCpuUsage()];
      const passage = corpus.passage(index);
      corpusMs += performance.now() - started;
      corpusCpuMs += milliseconds(process.threadCpuUsage(cpu));
      return passage;
    },
  };
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await kind.build(timed, folder);
  return {
    seconds: (performance.now() - started) / 1000,
    cpu_seconds: cpuMs(cpu) / 1000,
    corpus_seconds: corpusMs / 1000,
    corpus_cpu_seconds: corpusCpuMs / 1000,
  };
}

async function open(kind: CandidateKind, size: number, folder: string): Promise<OpenReply> {
  const corpus = corpusOf(size);
  const question = corpus.question(1_000_000);
  const started = performance.now();
  const candidate = await kind.open(corpus, folder);
  const open_ms = performance.now() - started;
  await candidate.search(question, kind.lacks("hybrid", "all") ? "text" : "hybrid", "all");
  opened = { candidate, corpus };
  return { open_ms, first_answer_ms: performance.now() - started };
}

async function block({ kind, restriction, from, count }: Order & { readonly type: "block" }): Promise<BlockReply> {
  const { candidate, corpus } = opened!;
  const questions = Array.from({ length: count }, (_, i) => corpus.question(from + i));
  const milliseconds: number[] = [];
  const ids: (readonly string[])[] = [];
  const cpu = process.cpuUsage();
  for (const question of questions) {
    const started = performance.now();
    ids.push(await candidate.search(question, kind, restriction));
    milliseconds.push(performance.now() - started);
  }
  return { milliseconds, ids, cpu_ms: cpuMs(cpu) / count, rss_mb: process.memoryUsage.rss() / 2 ** 20 };
}

const cpuMs = (since: NodeJS.CpuUsage): number => milliseconds(process.cpuUsage(since));
const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;
