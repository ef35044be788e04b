/** `npm run fit`: fits what abstention is judged by to the embedder that is set. */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { environmentOf } from "../../config/config.ts";
import type { AbstentionLine, AnswerConstants } from "../../query/answer/constants.ts";
import { familyOf } from "../../query/answer/choose-constants.ts";
import { logit } from "../../query/answer/evidence.ts";
import { fitConstants, fitLine, type JudgedQuestion } from "../../query/answer/fit-abstention.ts";
import { judgedDataFolder } from "../judged-data.ts";
import { tableLines } from "../table.ts";
import { judgedQuestions } from "./abstention.ts";
import { collectionKinds, readCollection } from "./collections.ts";
import { smallTopics, type Topic, topicsOf } from "./topics.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const note = (line: string): void => void process.stderr.write(`${line}\n`);

interface TopicExamples {
  readonly name: string;
  readonly questions: readonly JudgedQuestion[];
  /** The same questions, searched for by their words alone. */
  readonly lexical: readonly JudgedQuestion[];
}

const size = { own: 240, foreign: 40 };

const { values } = parseArgs({ options: { out: { type: "string" } } });
await main(values.out ?? null);

async function main(out: string | null): Promise<void> {
  const data = judgedDataFolder(environmentOf());
  if (data === null)
    return print("Skipped: there are no judged collections. Set HYBRIDRAG_JUDGED_DATA to their folder.");
  const bench = await openWorkbench(note);
  try {
    const embedder = familyOf(bench.embedder);
    const examples = await examplesOf(bench, data);
    for (const line of heldOutLines(
      "held out",
      examples.map(({ name, questions }) => ({ name, questions })),
      true,
    ))
      print(line);
    for (const line of heldOutLines(
      "by words alone",
      examples.map(({ name, lexical }) => ({ name, questions: lexical })),
      false,
    ))
      print(line);
    const constants = fitConstants(
      embedder,
      examples.flatMap(({ questions }) => questions),
      examples.flatMap(({ lexical }) => lexical),
    );
    const text = JSON.stringify(rounded(constants), null, 2);
    if (out === null) return print(`\n${text}`);
    await writeFile(out, `${text}\n`);
    print(`\nWritten to ${out}; set HYBRIDRAG_ANSWER_CONSTANTS=${out} to use it.`);
  } finally {
    await bench.close();
  }
}

async function examplesOf(bench: Workbench, data: string): Promise<readonly TopicExamples[]> {
  const collections = [];
  for (const kind of collectionKinds.filter(({ measures }) => measures.includes("abstention"))) {
    const collection = await readCollection(data, kind);
    if (collection !== null) collections.push([collection, await bench.index(collection)] as const);
  }
  const examples: TopicExamples[] = [];
  for (const topic of topicsOf(collections, bench.rag.settings.mode, size)) {
    note(`${topic.name}: asking`);
    const { documents } = collections.find(([{ name }]) => name === topic.name)![0].dataset;
    const ids = documents.map(({ document_id }) => document_id);
    const [whole, ...small] = [topic, ...smallTopics(topic, ids)];
    examples.push(await examplesFor(topic.name, [whole!]), await examplesFor(`${topic.name}, small`, small));
  }
  return examples;
}

async function examplesFor(name: string, topics: readonly Topic[]): Promise<TopicExamples> {
  const questions: JudgedQuestion[] = [];
  const lexical: JudgedQuestion[] = [];
  for (const { indexed, own, foreign, mode } of topics) {
    questions.push(...(await judgedQuestions(indexed, own, foreign, mode)));
    lexical.push(...(await judgedQuestions(indexed, own, foreign, "text")));
  }
  return { name, questions, lexical };
}

interface NamedQuestions {
  readonly name: string;
  readonly questions: readonly JudgedQuestion[];
}

/** Each half judged by the line of the other half, and each collection, whole and in small parts, by that of all others. */
function heldOutLines(title: string, examples: readonly NamedQuestions[], withCosine: boolean): readonly string[] {
  const all = examples.flatMap(({ questions }) => questions);
  const halves = [0, 1].map((half) => all.filter((_, index) => index % 2 === half));
  const rows = halves.map((half, index) =>
    heldOutRow(`half ${index + 1}`, half, fitLine(halves[1 - index]!, withCosine)),
  );
  const left = examples.map(({ name, questions }) => {
    const others = examples.filter((other) => setOf(other) !== setOf({ name })).flatMap((other) => other.questions);
    return heldOutRow(name, questions, fitLine(others, withCosine));
  });
  return tableLines([title, "foreign abstained", "own kept", "own answer"], [...rows, ...left]);
}

function setOf({ name }: Pick<NamedQuestions, "name">): string {
  return name.split(",")[0]!;
}

function heldOutRow(name: string, questions: readonly JudgedQuestion[], { weights, none, answer }: AbstentionLine) {
  const share = (onTopic: boolean, from: number) => {
    const kind = questions.filter((question) => question.onTopic === onTopic);
    return kind.filter(({ features }) => logit(features, weights) >= from).length / Math.max(1, kind.length);
  };
  return [name, 1 - share(false, none), share(true, none), share(true, answer)];
}

/** Three decimals: more would claim a precision that a few hundred questions do not give. */
function rounded(constants: AnswerConstants): unknown {
  const cut = (_: string, value: unknown) => (typeof value === "number" ? Math.round(value * 1000) / 1000 : value);
  return JSON.parse(JSON.stringify(constants, cut));
}
