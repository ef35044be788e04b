import { bitmapOf, evenSample } from "../bitmap.ts";
import { type BitScanner, nearestSlots } from "./bit-scanner.ts";
import type { CodeScanner, ScanRequest, VectorScores } from "./code-scanner.ts";

/** Candidates per wanted hit: with it the ten nearest of real texts are found in .997 of the cases. */
const oversampling = 40;
/** Rows that the moments are taken from: within .003 nDCG of taking them from all. */
const sampleSize = 256;

export interface PrefilteredScanRequest extends ScanRequest {
  /** Hits that are wanted. */
  readonly limit: number;
}

/**
 * What `scanner.scan` answers, for the `oversampling · limit` rows alone that are nearest by their bits; the others
 * have no score. The moments come from an even sample of the allowed rows. Worth it above some 250,000 rows; with few
 * allowed rows it is a full scan.
 */
export function prefilteredScan(
  scanner: CodeScanner,
  bits: BitScanner,
  { limit, ...request }: PrefilteredScanRequest,
): VectorScores {
  const wanted = limit * oversampling;
  const slots = nearestSlots(bits.distances(request), wanted);
  if (slots.length < wanted) return scanner.scan(request);
  const sample = bitmapOf(evenSample(request.allowed, request.rows, sampleSize), request.rows);
  const { moments } = scanner.scan({ ...request, allowed: sample });
  const { scores } = scanner.scan({ ...request, allowed: bitmapOf(slots, request.rows) });
  return { scores, moments };
}
