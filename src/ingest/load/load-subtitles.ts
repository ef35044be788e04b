import { decodeText } from "./decode-text.ts";
import type { Loader } from "./loaded-document.ts";
import { oneLine, textBuilder } from "./text-builder.ts";

const timing = /^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}\s+-->\s+/u;

/** What is said in WebVTT and SubRip files, one paragraph for each turn of a speaker; times are left out. */
export const loadSubtitles: Loader = ({ bytes }) => {
  const builder = textBuilder();
  let speaker = "";
  let turn: string[] = [];
  const flush = (): void => {
    builder.block("paragraph", speaker ? `${speaker}: ${turn.join(" ")}` : turn.join(" "));
    turn = [];
  };
  for (const cue of decodeText(bytes).split(/(?:\r?\n){2,}/u)) {
    const lines = cue.split(/\r?\n/u);
    const at = lines.findIndex((line) => timing.test(line));
    if (at < 0) continue;
    const words = lines.slice(at + 1).join(" ");
    const voice = oneLine(/<v(?:\.[^\s>]*)?\s+(?<name>[^>]+)>/u.exec(words)?.groups?.["name"] ?? "");
    const said = oneLine(plainEntities(words.replace(/<[^>]*>|\{\\[^}]*\}/gu, "")));
    if (voice !== speaker || endsTurn(turn)) flush();
    speaker = voice;
    if (said) turn.push(said);
  }
  flush();
  return { title: null, mime: "text/vtt", ...builder.finish(), metadata: {} };
};

/** Without named speakers a turn ends with a sentence, once it is as long as a paragraph. */
const endsTurn = (turn: readonly string[]): boolean =>
  turn.join(" ").length > 400 && /[.!?…]["”]?$/u.test(turn.at(-1) ?? "");

const plainEntities = (text: string): string =>
  text.replaceAll("&nbsp;", " ").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
