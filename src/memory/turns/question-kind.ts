import type { Analyzer } from "../../text/analyze.ts";

/**
 * What a question wants of a conversation: one thing said; several, of which there may be many; the order in which
 * things came up; or what all of it comes to.
 */
export type QuestionKind = "fact" | "list" | "ordering" | "summary";

const summary =
  /\b(?:summar(?:y|ies|i[sz]e[ds]?|i[sz]ing)|overviews?|recaps?|wrap[- ]up|gist|main (?:points|topics|themes)|tl;?dr)\b|\b(?:how|in what way)s?\b.*\b(?:evolve|progress|develop|change|unfold|grow)(?:d|n|ed|ing)?\b.*\b(?:over|throughout|across|during)\b/iu;

const ordering =
  /\b(?:in|by) (?:what|which|the|their) (?:\w+ )?(?:order|sequence)\b|\b(?:order|sequence) (?:in which|of|that)\b|\bchronolog\w*|\btime ?lines?\b|\b(?:which|what|who) (?:\w+ ){0,4}(?:came|was|were|happened|did \w+) (?:first|last|earlier|earliest|later)\b|\bfrom (?:first|earliest|oldest) to (?:last|latest|newest)\b|\bone after (?:the other|another)\b|\bstep by step\b.*\bconversation/iu;

const list =
  /\b(?:list|enumerate|name (?:all|every|the|some))\b|\bhow (?:many|often)\b|\b(?<!(?:at|after) )(?:all|every|each) (?!right\b)(?:of )?(?:the |my |our |his |her |their )?\p{L}+|\b(?:what|which) (?:(?!(?:is|was|does|has|did|are|were|do|had)\b)\p{L}+ )?(?!(?:was|does|has|his|hers|this|yours|ours|theirs|always|perhaps)\b)(?:\p{L}+[^\Ws]s|people|children)\b/iu;

export interface TurnQuestion {
  readonly text: string;
  /** It is about what the assistant said, and not what the user did. */
  readonly ofAssistant: boolean;
  readonly kind: QuestionKind;
  /** What is searched for and embedded: of an ordering or a summary only what it is about. */
  readonly searched: string;
}

/** What it said then, not what it is to say now: "did you suggest", "you said", "your advice". */
const ofAssistant =
  /\bdid (?:you|the assistant) (?:\w+ )?(?:say|tell|suggest|recommend|advise|explain|propose|mention|give|list|show|answer|write|describe|provide)\b|\b(?:you|the assistant) (?:\w+ )?(?:said|told|suggested|recommended|advised|explained|proposed|mentioned|gave|listed|showed|answered|wrote|described|provided)\b|\b(?:your|the assistant's) (?:\w+ )?(?:answers?|repl(?:y|ies)|suggestions?|recommendations?|advice|explanations?|proposals?)\b/iu;

export function turnQuestion(text: string, analyzer: Analyzer): TurnQuestion {
  const kind = questionKind(text);
  const isArranged = kind === "ordering" || kind === "summary";
  return { text, kind, ofAssistant: ofAssistant.test(text), searched: isArranged ? topicWords(text, analyzer) : text };
}

/** By the words of English with which such things are asked for, whatever they are asked about. */
function questionKind(question: string): QuestionKind {
  if (ordering.test(question)) return "ordering";
  if (summary.test(question)) return "summary";
  return list.test(question) ? "list" : "fact";
}

/** Words of asking, of conversations and of arranging, none of which says what a summary or an order is of. */
const framing: ReadonlySet<string> = new Set(
  (
    "what which who whose when where why how can could would will should may might you your yours please tell give show list walk name " +
    "provide describe explain present put write make get me my mine i we our us this that these those there it its they them their he she his her " +
    "conversation conversations chat chats session sessions message messages discussion discussions discuss discussed talk talked talking talks " +
    "mention mentioned mentions bring brought up say said ask asked raise raised cover covered share shared say told tell " +
    "order ordering sequence chronological chronologically timeline first last then next before after earlier later beginning start end " +
    "summary summaries summarize summarise overview recap gist brief short clear concise comprehensive complete detailed full thorough main key " +
    "topic topics theme themes aspect aspects point points item items thing things part parts step steps different various several many " +
    "throughout across over during about through between including include included along all every each only just exactly " +
    "one two three four five six seven eight nine ten have has had been be is are was were do did does evolve evolved develop developed " +
    "progress progressed change changed time far so"
  ).split(" "),
);

/** What the question is about, as words in their order: the whole of it when nothing else is left. */
function topicWords(question: string, analyzer: Analyzer): string {
  const words = analyzer.analyzeWithOffsets(question).filter(({ word }) => !framing.has(word));
  return words.length === 0 ? question : words.map(({ start, end }) => question.slice(start, end)).join(" ");
}
