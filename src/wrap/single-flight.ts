/**
 * Joins callers that want the same value at the same time. The work is cancelled only when all of them have gone, so
 * one that gives up does not fail the others.
 */
export interface SingleFlight<T> {
  run(key: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly quit: AbortController;
  waiting: number;
}

export function singleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();
  const start = (key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const quit = new AbortController();
    const flight: Flight<T> = { result: work(quit.signal), quit, waiting: 0 };
    flights.set(key, flight);
    const end = (): void => void (flights.get(key) === flight && flights.delete(key));
    flight.result.then(end, end);
    return flight;
  };
  return {
    run(key, signal, work) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const flight = flights.get(key) ?? start(key, work);
      flight.waiting++;
      const leave = (): void => {
        flight.waiting--;
        if (flight.waiting > 0) return;
        flights.delete(key);
        flight.quit.abort();
      };
      if (signal === undefined) return flight.result;
      return new Promise((resolve, reject) => {
        const quit = (): void => {
          leave();
          reject(signal.reason);
        };
        signal.addEventListener("abort", quit, { once: true });
        flight.result.then(resolve, reject).finally(() => signal.removeEventListener("abort", quit));
      });
    },
  };
}
