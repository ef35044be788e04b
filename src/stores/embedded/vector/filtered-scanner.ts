import { topScores } from "../top-scores.ts";
import type { BitScanner } from "./bit-scanner.ts";
import type { CodeScanner, NearScores } from "./code-scanner.ts";
import { isWorthFiltering, prefilteredScan, type PrefilteredScanRequest } from "./prefiltered-scan.ts";
import { recallWatch } from "./recall-watch.ts";

/** Scans by bits first where that is worth it and has proved itself on the questions that came. */
export interface FilteredScanner {
  scan(request: PrefilteredScanRequest): NearScores;
}

/** The first questions that are answered both ways, and every so manieth afterwards: the better answer is given. */
const judged = { first: 10, every: 100 };
/** Hits whose finding is judged. */
const judgedHits = 10;

export function filteredScanner(scanner: CodeScanner, bits: BitScanner): FilteredScanner {
  const watch = recallWatch();
  let asked = 0;

  const scanAll = (request: PrefilteredScanRequest): NearScores => ({ slots: null, ...scanner.scan(request) });

  function judge(request: PrefilteredScanRequest): NearScores {
    const filtered = topScores(prefilteredScan(scanner, bits, request).scores, judgedHits);
    const full = scanAll(request);
    watch.record(topScores(full.scores, judgedHits), filtered);
    return full;
  }

  return {
    scan: (request) => {
      if (!isWorthFiltering(request)) return scanAll(request);
      asked += 1;
      if (asked <= judged.first || asked % judged.every === 0) return judge(request);
      return watch.isTrusted ? prefilteredScan(scanner, bits, request) : scanAll(request);
    },
  };
}
