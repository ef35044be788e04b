/** What a provider allows one key, per model. */
export interface RateLimits {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

interface Bucket {
  level: number;
  at: number;
}

export interface LimitKeeper {
  /** Milliseconds until the call would be allowed; 0 when it is, and then it is counted. */
  admit(model: string, tokens: number): number;
}

/** Token buckets that hold one minute's allowance and fill steadily, as the providers describe theirs. */
export function limitKeeper(limits: RateLimits | null, now: () => number): LimitKeeper {
  const buckets = new Map<string, Bucket>();
  const level = (name: string, perMinute: number): Bucket => {
    const bucket = buckets.get(name) ?? { level: perMinute, at: now() };
    bucket.level = Math.min(perMinute, bucket.level + ((now() - bucket.at) / 60_000) * perMinute);
    bucket.at = now();
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    admit(model, tokens) {
      if (limits === null) return 0;
      const requestBucket = level(`requests ${model}`, limits.requestsPerMinute);
      const tokenBucket = level(`tokens ${model}`, limits.tokensPerMinute);
      const wait = Math.max(
        ((1 - requestBucket.level) / limits.requestsPerMinute) * 60_000,
        ((tokens - tokenBucket.level) / limits.tokensPerMinute) * 60_000,
      );
      if (wait > 0) return wait;
      requestBucket.level -= 1;
      tokenBucket.level -= tokens;
      return 0;
    },
  };
}
