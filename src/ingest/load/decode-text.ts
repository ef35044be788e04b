import { detect } from "chardet";
import iconv from "iconv-lite";

const sampleBytes = 65_536;

/**
 * Bytes to text: byte-order mark, then strict UTF-8, then the pattern of UTF-16 and UTF-32, then a guess from the
 * bytes. A declared charset that is not UTF-8 is tried before the guess, because it is right more often than not.
 */
export function decodeText(bytes: Uint8Array, declared?: string): string {
  const marked = byteOrderMark(bytes);
  if (marked) return clean(decode(bytes.subarray(marked.length), marked.encoding));
  const wide = widePattern(bytes);
  if (wide) return clean(decode(bytes, wide));
  const utf8 = strictUtf8(bytes);
  if (utf8 !== null) return clean(utf8);
  return clean(decode(bytes, foreignEncoding(bytes, declared)));
}

/** Encodings whose bytes hold zeros although they are text. */
export const isWideText = (bytes: Uint8Array): boolean =>
  byteOrderMark(bytes)?.encoding.startsWith("utf-8") === false || widePattern(bytes) !== null;

export function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

/** Zeros end strings in C and lone surrogates have no UTF-8: both become U+FFFD, so the length stays. */
const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

function byteOrderMark(bytes: Uint8Array): { readonly encoding: string; readonly length: number } | null {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: "utf-8", length: 3 };
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return { encoding: "utf-32le", length: 4 };
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return { encoding: "utf-32be", length: 4 };
  if (a === 0xff && b === 0xfe) return { encoding: "utf-16le", length: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: "utf-16be", length: 2 };
  return null;
}

/** UTF-16 and UTF-32 without a mark: most zeros stand at fixed places of each group of four. */
function widePattern(bytes: Uint8Array): string | null {
  const sample = bytes.subarray(0, Math.min(bytes.length, 4096) & ~3);
  if (sample.length < 8) return null;
  const zeros = [0, 0, 0, 0];
  sample.forEach((byte, index) => {
    if (byte === 0) zeros[index & 3] = (zeros[index & 3] ?? 0) + 1;
  });
  const [first, second, third, fourth] = zeros.map((count) => count / (sample.length / 4) > 0.7);
  if (!first && third && fourth && zeros[2] === sample.length / 4) return "utf-32le";
  if (first && second && !fourth && zeros[0] === sample.length / 4) return "utf-32be";
  if (!first && second && !third && fourth) return "utf-16le";
  if (first && !second && third && !fourth) return "utf-16be";
  return null;
}

function foreignEncoding(bytes: Uint8Array, declared: string | undefined): string {
  const label = declared?.trim().toLowerCase();
  if (label && !/^utf-?8$/u.test(label) && iconv.encodingExists(label)) return label;
  const guess = shortJapanese(bytes) ? "shift_jis" : detect(bytes.subarray(0, sampleBytes));
  return guess && iconv.encodingExists(guess) && !/^utf-?8$/iu.test(guess) ? guess : "windows-1252";
}

/** In a few words of Shift-JIS a guess by letter frequency goes wrong; kana with no decoding error does not. */
function shortJapanese(bytes: Uint8Array): boolean {
  if (bytes.length > 4096) return false;
  const text = iconv.decode(Buffer.from(bytes), "shift_jis");
  const kana = text.match(/[\u3040-\u30ff]/gu)?.length ?? 0;
  return !text.includes("\uFFFD") && kana * 20 > text.length;
}

const decode = (bytes: Uint8Array, encoding: string): string =>
  iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), encoding, { stripBOM: true });
