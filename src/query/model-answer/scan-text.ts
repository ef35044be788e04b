/** A piece of a model's text: words to show, or numbers of sources that stood as a marker. */
export type ScannedPiece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "marker"; readonly numbers: readonly number[] };

export interface TextScanner {
  /** What can be shown now; an unfinished link or marker is held back. */
  push(text: string): readonly ScannedPiece[];
  /** What was held back. */
  end(): readonly ScannedPiece[];
  /** Links, images and tags that were taken out. */
  readonly removed: number;
}

export interface ScanOptions {
  /** Whether [2] is a citation. */
  readonly markers: boolean;
  /** Whether an address stands in the material; all others are taken out. */
  readonly isKnownUrl: (url: string) => boolean;
}

const special = /!?\[|<(?=[a-z/!])|https?:\/\/|www\./i;
/** The beginning of one of those, at the end of what has come so far. */
const unfinished = /(?:!|<|h|ht|htt|https?|https?:|https?:\/|w|ww|www)$/i;
const longestHeld = 2000;

/**
 * Reads a model's text as it streams. Markers become numbers; links and images that no source holds, and HTML that
 * would load or run something, are taken out, so that a passage cannot make an answer leak what it was told.
 */
export function textScanner(options: ScanOptions): TextScanner {
  let buffer = "";
  let removed = 0;

  function scan(atEnd: boolean): ScannedPiece[] {
    const pieces: ScannedPiece[] = [];
    const show = (text: string): void => void (text !== "" && pieces.push({ type: "text", text }));
    while (buffer !== "") {
      const at = buffer.search(special);
      if (at < 0) {
        const held = atEnd ? 0 : (unfinished.exec(buffer)?.[0].length ?? 0);
        show(buffer.slice(0, buffer.length - held));
        buffer = buffer.slice(buffer.length - held);
        break;
      }
      show(buffer.slice(0, at));
      buffer = buffer.slice(at);
      const found = construct(buffer, options, atEnd || buffer.length > longestHeld);
      if (found === null) break;
      if (found.removed) removed++;
      if (found.piece.type === "marker") pieces.push(found.piece);
      else show(found.piece.text);
      buffer = buffer.slice(found.length);
    }
    return pieces;
  }

  return {
    push(text) {
      buffer += text;
      return scan(false);
    },
    end: () => scan(true),
    get removed() {
      return removed;
    },
  };
}

interface Construct {
  readonly length: number;
  readonly piece: ScannedPiece;
  readonly removed: boolean;
}

const text = (shown: string, length: number, removed = false): Construct => ({
  length,
  piece: { type: "text", text: shown },
  removed,
});

/** What begins at the start of `rest`; null when more must come to tell. */
function construct(rest: string, options: ScanOptions, final: boolean): Construct | null {
  if (rest.startsWith("<")) return tag(rest, options, final);
  if (/^(?:https?:|www\.)/i.test(rest)) return address(rest, options, final);
  return bracket(rest, options, final);
}

function bracket(rest: string, options: ScanOptions, final: boolean): Construct | null {
  const image = rest.startsWith("!");
  const open = image ? 2 : 1;
  const close = rest.indexOf("]");
  if (close < 0) return final || rest.includes("\n\n") ? text(rest.slice(0, open), open) : null;
  const label = rest.slice(open, close);
  const next = rest[close + 1];
  if (next === undefined && !final) return null;
  if (next !== "(") {
    if (!image && options.markers && /^\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*$/.test(label))
      return { length: close + 1, piece: { type: "marker", numbers: label.split(/[,;]/).map(Number) }, removed: false };
    return text(rest.slice(0, close + 1), close + 1);
  }
  const end = rest.indexOf(")", close);
  if (end < 0) return final ? text(label, rest.length, true) : null;
  const [url = ""] = rest
    .slice(close + 2, end)
    .trim()
    .split(/\s/);
  if (!image && options.isKnownUrl(url)) return text(rest.slice(0, end + 1), end + 1);
  return text(label, end + 1, true);
}

const active =
  /^<\/?(?:img|a|iframe|script|style|video|audio|source|object|embed|link|form|svg|meta|base|input|button)\b/i;

function tag(rest: string, options: ScanOptions, final: boolean): Construct | null {
  const end = rest.indexOf(">");
  if (end < 0) {
    if (!final && rest.length < 400) return null;
    return active.test(rest) ? text("", rest.length, true) : text("<", 1);
  }
  const whole = rest.slice(0, end + 1);
  if (/^<https?:/i.test(whole)) {
    const url = whole.slice(1, -1);
    return options.isKnownUrl(url) ? text(whole, whole.length) : text("", whole.length, true);
  }
  return active.test(whole) ? text("", whole.length, true) : text(whole, whole.length);
}

function address(rest: string, options: ScanOptions, final: boolean): Construct | null {
  const end = rest.search(/[\s<>"'`)\]]/);
  if (end < 0 && !final) return null;
  const url = rest.slice(0, end < 0 ? rest.length : end).replace(/[.,;:!?]+$/, "");
  return options.isKnownUrl(url) ? text(url, url.length) : text("", url.length, true);
}
