/** Reads the parts of a tokenizer.json that WordPiece needs, and refuses other kinds of tokenizers. */
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";

export interface TokenizerFile {
  readonly vocabulary: ReadonlyMap<string, number>;
  /** In UTF-16 units. */
  readonly longestPiece: number;
  /** Written before a piece that continues a word. */
  readonly continuation: string;
  readonly maxWordCharacters: number;
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
  readonly spaceIdeographs: boolean;
  readonly unknown: number;
  readonly cls: number;
  readonly sep: number;
}

const schema = z.object({
  normalizer: z.object({
    type: z.literal("BertNormalizer"),
    clean_text: z.literal(true).default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullable().default(null),
    lowercase: z.boolean().default(true),
  }),
  pre_tokenizer: z.object({ type: z.literal("BertPreTokenizer") }),
  model: z.object({
    type: z.literal("WordPiece").default("WordPiece"),
    unk_token: z.string().default("[UNK]"),
    continuing_subword_prefix: z.string().default("##"),
    max_input_chars_per_word: z.number().int().positive().default(100),
    vocab: z.custom<Record<string, number>>((value) => typeof value === "object" && value !== null),
  }),
});

/**
 * In steps with pauses between them: a vocabulary is large, and the thread has other work.
 * @throws HybridRAGError `invalid_config` for anything but a WordPiece tokenizer of the BERT kind.
 */
export async function parseTokenizerFile(json: string): Promise<TokenizerFile> {
  const value = parseJson(json);
  await setImmediate();
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".") ?? "";
    throw unusable(`it is not a BERT WordPiece tokenizer (see ${path === "" ? "its top level" : path})`);
  }
  const { normalizer, model } = parsed.data;
  const entries = Object.entries(model.vocab);
  await setImmediate();
  const vocabulary = new Map(entries);
  const id = (token: string): number => {
    const found = vocabulary.get(token);
    if (found === undefined) throw unusable(`its vocabulary lacks ${token}`);
    return found;
  };
  return {
    vocabulary,
    longestPiece: entries.reduce((longest, [piece]) => Math.max(longest, piece.length), 0),
    continuation: model.continuing_subword_prefix,
    maxWordCharacters: model.max_input_chars_per_word,
    lowercase: normalizer.lowercase,
    stripAccents: normalizer.strip_accents ?? normalizer.lowercase,
    spaceIdeographs: normalizer.handle_chinese_chars,
    unknown: id(model.unk_token),
    cls: id("[CLS]"),
    sep: id("[SEP]"),
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw unusable("it is not JSON");
  }
}

const unusable = (why: string): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    `The model's tokenizer.json cannot be used: ${why}. Choose another model folder.`,
  );
