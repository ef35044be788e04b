import type { ReceivedSpan } from "../standins/index.ts";

/** A trace as lines for people: each span below its parent, in the order of their beginnings. */
export function traceLines(spans: readonly ReceivedSpan[]): readonly string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const isRoot = ({ parentSpanId }: ReceivedSpan): boolean => parentSpanId === null || !known.has(parentSpanId);
  const below = (parent: ReceivedSpan, depth: number): readonly string[] => [
    lineOf(parent, depth),
    ...spans
      .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap((child) => below(child, depth + 1)),
  ];
  return spans.filter(isRoot).flatMap((root) => below(root, 0));
}

function lineOf({ name, startMs, endMs, attributes, failed }: ReceivedSpan, depth: number): string {
  const number = (key: string): number | null => (attributes[key] === undefined ? null : Number(attributes[key]));
  const [input, output, cost] = [
    number("gen_ai.usage.input_tokens"),
    number("gen_ai.usage.output_tokens"),
    number("hybridrag.cost_usd"),
  ];
  const facts = [
    input === null ? [] : [`${input}${output ? ` + ${output}` : ""} tokens`],
    cost ? [`$${cost.toFixed(6)}`] : [],
    attributes["hybridrag.found"] === undefined ? [] : [`${String(attributes["hybridrag.found"])} candidates`],
    attributes["hybridrag.evidence"] === undefined ? [] : [`evidence: ${String(attributes["hybridrag.evidence"])}`],
    failed ? ["failed"] : [],
  ].flat();
  const label = `${"  ".repeat(depth)}${name}`;
  return `${label.padEnd(40)} ${(endMs - startMs).toFixed(0).padStart(6)} ms  ${facts.join(", ")}`.trimEnd();
}
