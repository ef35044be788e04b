import { once } from "node:events";
import type { Command } from "commander";
import { loadConfig, type Config } from "../../config/config.ts";
import { misspeltVariables } from "../../config/misspelt.ts";
import { createLog } from "../../observe/log.ts";
import { createMetrics } from "../../observe/metrics.ts";
import { providerMetrics } from "../../observe/provider-metrics.ts";
import { startTelemetry, type TelemetrySettings } from "../../observe/telemetry.ts";
import { openHybridRAG } from "../../open.ts";
import { startService } from "../../server/serve.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { packageVersion } from "../version.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

interface ServeOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: string;
  readonly dev?: boolean;
  readonly readOnly?: boolean;
}

export function addServe(program: Command, shell: Shell): void {
  withCommonOptions(program.command("serve"))
    .description("answer over HTTP until SIGTERM or Ctrl-C")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--port <number>", "port to listen on, 0 for a free one (default: 8080)")
    .option("--dev", "no credentials, loopback only")
    .option("--read-only", "beside another process that writes to the same data folder; takes no writes and no jobs")
    .action(async (options: ServeOptions) => {
      const { host, port } = options;
      const dev = options.dev === true;
      // There is no balancer to tell when a developer presses Ctrl-C.
      const drain_delay_ms = dev ? 500 : undefined;
      const { config } = loadConfig({ flags: flagsOf(options, { host, port, drain_delay_ms }) });
      const log = createLog({ level: config.log_level });
      for (const message of misspeltVariables()) log.warn({ message }, "setting_unknown");
      const telemetry = await startTelemetry(telemetrySettingsOf(config), log);
      const metrics = createMetrics({ processMetrics: true });
      const ofStore = log.child({ logger: "hybridrag.store" });
      const rag = await openHybridRAG(config, {
        access: options.readOnly === true ? "read" : "write",
        watch: {
          ...providerMetrics(metrics),
          courierMissing: (reason) => log.warn({ reason }, "courier_missing"),
        },
        onSlow: (command) => ofStore.warn(command, "slow_command"),
      });
      try {
        const service = await startService({
          rag,
          config,
          dev,
          pepper: config.key_pepper ?? null,
          log,
          version: packageVersion(),
          fetch: globalThis.fetch,
          now: Date.now,
          metrics,
          scores: telemetry.scores,
        });
        announce(shell, options.json === true, { url: service.url, metrics_url: service.metricsUrl });
        await ended(shell.signal);
        await service.stop();
      } finally {
        await rag.close();
        await telemetry.close();
      }
    });
}

function telemetrySettingsOf(config: Config): TelemetrySettings {
  const { langfuse_public_key: publicKey, langfuse_secret_key: secretKey } = config;
  const langfuse =
    publicKey === undefined || secretKey === undefined
      ? null
      : {
          publicKey,
          secretKey,
          baseUrl: config.langfuse_base_url,
          environment: config.langfuse_environment,
          release: config.langfuse_release,
        };
  return { serviceName: config.otel_service_name, otlpEndpoint: config.otel_endpoint, langfuse };
}

function announce(
  { terminal }: Shell,
  json: boolean,
  urls: { readonly url: string; readonly metrics_url: string | null },
) {
  if (json) terminal.line(JSON.stringify(urls));
  else terminal.line(`HybridRAG listens on ${urls.url} (description: ${urls.url}/openapi.json)`);
}

/** SIGTERM is how a service is ended; Ctrl-C reaches it by the shell's signal. */
async function ended(interrupt: AbortSignal): Promise<void> {
  if (interrupt.aborted) return;
  await Promise.race([once(process, "SIGTERM"), once(interrupt, "abort")]);
}
