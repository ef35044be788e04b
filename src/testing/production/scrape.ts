/** One sample of Prometheus' text format. */
export interface Sample {
  /** Name with labels, as it stands there. */
  readonly series: string;
  readonly value: number;
}

/** The samples of several servers, added up by series, in the order of the first. */
export async function scrape(urls: readonly string[]): Promise<readonly Sample[]> {
  const sums = new Map<string, number>();
  for (const url of urls) {
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const line of text.split("\n")) {
      const [, series, value] = /^([^#\s]\S*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      if (series !== undefined) sums.set(series, (sums.get(series) ?? 0) + Number(value));
    }
  }
  return [...sums].map(([series, value]) => ({ series, value }));
}
