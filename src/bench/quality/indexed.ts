import type { AnswerConstants } from "../../query/answer/constants.ts";
import type { AnswerPorts } from "../../query/answer/extract-answer.ts";
import { extract } from "../../query/answer/extract-answer.ts";
import { findHits } from "../../query/find-hits.ts";
import type { QuerySettings } from "../../query/plan.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Filter } from "../../filter/filter.ts";
import type { Scope } from "../../scope.ts";

/** A collection that was ingested, ready to be asked. */
export interface Indexed {
  readonly ports: AnswerPorts;
  readonly scope: Scope;
  readonly settings: QuerySettings;
}

/** What a question finds and what would be shown for it, whether the answer would abstain or not. */
export async function askUnits({ ports, scope, settings }: Indexed, query: string, filter: Filter | null, mode: Mode) {
  const request = { query, filter, mode, top_k: null, session_id: null, explain: false };
  const findings = await findHits(ports, scope, request, settings);
  const { units } = extract({ ...ports, constants: neverAbstaining(ports.constants) }, findings);
  const { judgement } = extract(ports, findings);
  return { findings, units, judgement };
}

function neverAbstaining({ abstention, lexicalAbstention, ...rest }: AnswerConstants): AnswerConstants {
  const levels = { none: Number.NEGATIVE_INFINITY, answer: Number.NEGATIVE_INFINITY };
  return {
    ...rest,
    abstention: { ...abstention, ...levels },
    lexicalAbstention: { ...lexicalAbstention, ...levels },
  };
}
