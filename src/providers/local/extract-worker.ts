/** One worker thread: opens the tagger, then reads one slice of passages after the other. */
import { parentPort } from "node:worker_threads";
import type { ExtractPassage } from "../../ports/extractor.ts";
import { emptyGraph, extractPassage, type PassageGraph } from "./extract-passage.ts";
import { openTagger, type Tagger } from "./tagger.ts";

export interface ExtractRequest {
  readonly id: number;
  readonly passages: readonly ExtractPassage[];
}

export interface ExtractReply {
  readonly id: number;
  readonly graphs: readonly PassageGraph[];
  readonly failed: number;
}

if (parentPort !== null) {
  const port = parentPort;
  const tagger = openTagger();
  port.on("message", (request: ExtractRequest) => port.postMessage(readSlice(request, tagger)));
}

/** A passage on which the rules fail keeps its place with nothing found: it stays searchable. */
function readSlice({ id, passages }: ExtractRequest, tagger: Tagger): ExtractReply {
  let failed = 0;
  const graphs = passages.map((passage) => {
    try {
      return extractPassage(passage, tagger);
    } catch {
      failed += 1;
      return { ...emptyGraph, links: passage.links };
    }
  });
  return { id, graphs, failed };
}
