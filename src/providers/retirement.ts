import type { Warning } from "../records.ts";

/** Models whose end is announced, by "provider/model" (vendors' deprecation pages, November 2026). */
const ends: Readonly<Record<string, string>> = {
  "voyage/voyage-3-large": "2027-12-01",
  "voyage/voyage-3.5": "2027-12-01",
  "voyage/voyage-3.5-lite": "2027-12-01",
  "anthropic/claude-sonnet-4-5": "2026-11-30",
  "anthropic/claude-sonnet-4-5-20250929": "2026-11-30",
};

/** A warning with the day on which a model ends; null for one whose end is not announced. */
export function retirementWarning(provider: string, model: string, now: Date): Warning | null {
  const date = ends[`${provider}/${model}`];
  if (date === undefined) return null;
  const past = now.toISOString().slice(0, 10) >= date;
  return {
    code: "model_retires",
    message: past
      ? `The model ${provider}/${model} ended on ${date}; choose another.`
      : `The model ${provider}/${model} ends on ${date}; choose another before.`,
  };
}
