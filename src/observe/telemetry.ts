import { context, trace } from "@opentelemetry/api";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import { langfuseScores, type ScoreSender } from "./langfuse-scores.ts";
import type { Secret } from "../secret.ts";

export interface LangfuseAccess {
  readonly publicKey: string;
  readonly secretKey: Secret;
  readonly baseUrl: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
}

export interface TelemetrySettings {
  readonly serviceName: string;
  /** Where an OpenTelemetry collector listens for OTLP over HTTP. */
  readonly otlpEndpoint: string | undefined;
  readonly langfuse: LangfuseAccess | null;
}

export interface Telemetry {
  /** Null without Langfuse. */
  readonly scores: ScoreSender | null;
  /** Sends what is left, for two seconds at most. Never throws. */
  close(): Promise<void>;
}

const none: Telemetry = { scores: null, close: async () => undefined };
const closeMs = 2000;

/**
 * Lets Langfuse and a collector listen to the spans. They are sent in batches behind the requests; a receiver that is
 * slow, refuses or is not there costs spans and nothing else. Without receivers, or without the optional packages,
 * there are no spans at all, and the log says so.
 */
export async function startTelemetry(settings: TelemetrySettings, log: Logger): Promise<Telemetry> {
  const { otlpEndpoint, langfuse, serviceName } = settings;
  if (otlpEndpoint === undefined && langfuse === null) return none;
  try {
    const { NodeTracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-node");
    const spanProcessors = [];
    if (langfuse !== null) {
      const { LangfuseSpanProcessor } = await import("@langfuse/otel");
      const { publicKey, secretKey, baseUrl, environment, release } = langfuse;
      spanProcessors.push(
        new LangfuseSpanProcessor({
          publicKey,
          secretKey: secretKey.reveal(),
          timeout: 5,
          ...(baseUrl === undefined ? {} : { baseUrl }),
          ...(environment === undefined ? {} : { environment }),
          ...(release === undefined ? {} : { release }),
        }),
      );
    }
    if (otlpEndpoint !== undefined) {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
      const url = `${otlpEndpoint.replace(/\/$/, "")}/v1/traces`;
      spanProcessors.push(new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: 5000 })));
    }
    const { resourceFromAttributes } = await import("@opentelemetry/resources");
    const resource = resourceFromAttributes({ "service.name": serviceName });
    const provider = new NodeTracerProvider({ resource, spanProcessors });
    provider.register();
    log.info({ langfuse: langfuse !== null, otlp: otlpEndpoint !== undefined }, "telemetry_started");
    const scores = langfuse === null ? null : langfuseScores(langfuse, globalThis.fetch, Date.now);
    return {
      scores,
      close: async () => {
        await within(closeMs, Promise.all([provider.shutdown(), scores?.close(AbortSignal.timeout(closeMs))]));
        trace.disable();
        context.disable();
      },
    };
  } catch (error) {
    log.warn({ error: messageOf(error) }, "telemetry_unavailable");
    return none;
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
