import { anthropicStandin } from "./anthropic.ts";
import { mongoStandin } from "../mongodb/standin.ts";
import { awsSecretsStandin } from "./aws-secrets.ts";
import { gcpSecretsStandin } from "./gcp-secrets.ts";
import { geminiStandin } from "./gemini.ts";
import { openaiStandin } from "./openai.ts";
import { langfuseStandin, otlpStandin } from "./otlp.ts";
import { voyageStandin } from "./voyage.ts";

/** What `npm run standins` needs of any of them. */
export interface RunningStandin {
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Options as they come from the command line: `--profile atlas` is `{ profile: "atlas" }`. */
export type StandinFlags = Readonly<Record<string, string>>;

/** Every stand-in by the name that `npm run standins -- NAME` takes. */
export const standins: Readonly<Record<string, (flags: StandinFlags) => Promise<RunningStandin>>> = {
  voyage: () => voyageStandin(),
  anthropic: () => anthropicStandin(),
  openai: () => openaiStandin(),
  gemini: () => geminiStandin(),
  mongodb: (flags) => mongoStandin(flags),
  langfuse: () => langfuseStandin(),
  otlp: () => otlpStandin(),
  "aws-secrets": () => awsSecretsStandin(),
  "gcp-secrets": () => gcpSecretsStandin(),
};
