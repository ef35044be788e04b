import { cliPage } from "./cli-page.ts";
import { settings, type Setting } from "../config/settings.ts";
import { errorCatalogue } from "../errors.ts";
import { openApiPage } from "./openapi-page.ts";
import { createMetrics, describeMetrics } from "../observe/metrics.ts";

/** The pages under `docs/` that are made from code: path → content. A test holds the files against this. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/configuration.md", configurationPage()],
    ["docs/cli.md", cliPage(made)],
    ["docs/errors.md", errorsPage()],
    ["docs/metrics.md", await metricsPage()],
    ["docs/openapi.json", openApiPage()],
  ]);
}

const made = "<!-- Made by `npm run docs` from the code. Change the code, not this page. -->";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows.map((row) => row.map(cell))].map((row) => `| ${row.join(" | ")} |`).join("\n");

const groupTitles: Record<Setting["group"], string> = {
  data: "Where data live",
  models: "Models and money",
  retrieval: "Retrieval",
  answers: "Answers and conversations",
  service: "The service",
  operations: "Operations",
};

function configurationPage(): string {
  const all = Object.entries(settings) as [string, Setting][];
  const groups = (Object.keys(groupTitles) as Setting["group"][])
    .map((group) => [group, all.filter(([, setting]) => setting.group === group)] as const)
    .filter(([, members]) => members.length > 0)
    .map(([group, members]) => {
      const rows = members.map(([name, setting]) => [
        `\`${name}\``,
        `\`${setting.env}\``,
        defaultOf(setting),
        setting.about,
      ]);
      return `## ${groupTitles[group]}\n\n${table(["in the file", "in the environment", "default", "what it does"], rows)}`;
    });
  return `${made}

# Settings

A flag of the command line wins over the environment, the environment over \`hybridrag.config.json\` in the working
folder, the file over the default. \`hybridrag config\` prints every value and where it came from; secrets are masked.
A variable that begins with \`HYBRIDRAG_\` and is no setting stops nothing: it is named, beside the setting that it may
mean, on stderr and in the log of the service (event \`setting_unknown\`). What Kubernetes sets for a service called
"hybridrag" is left alone.

${groups.join("\n\n")}
`;
}

function defaultOf(setting: Setting): string {
  const value: unknown = setting.schema.safeParse(undefined).data;
  return value === undefined
    ? setting.secret
      ? "secret"
      : "–"
    : `\`${typeof value === "object" ? JSON.stringify(value) : String(value)}\``;
}

function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(([code, kind]) => [
    `\`${code}\``,
    kind.meaning,
    kind.fault,
    String(kind.status),
    String(kind.exit),
    kind.retryable ? "yes" : "no",
  ]);
  return `${made}

# Errors

Every error has one of these codes, in the library (\`error.code\`), over HTTP (\`code\` of the problem document) and on
the command line (\`--json\` prints it). "Whose turn" says who can mend it; "again" says whether the same call may
succeed later.

${table(["code", "meaning", "whose turn", "HTTP", "exit", "again"], rows)}
`;
}

async function metricsPage(): Promise<string> {
  const rows = (await describeMetrics(createMetrics())).map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    help,
  ]);
  return `${made}

# Metrics

\`GET /metrics\` in the text format of Prometheus. The first four are the production guide's, with its labels and
buckets. No label holds a tenant, a session or the text of a question. Prometheus 2 writes the bucket of one second as
\`le="1"\`.

${table(["name", "type", "labels", "what it counts"], rows)}
`;
}
