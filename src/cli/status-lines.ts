/** Where no screen shows the status as it changes, such as in the log of a job, so often a line tells it. */
const everyMs = 10_000;

/** Keeps the last status and writes it now and then, until it is null; what is over sooner leaves no line. */
export function statusLines(write: (line: string) => void): (status: string | null) => void {
  let last = "";
  let timer: NodeJS.Timeout | null = null;
  return (status) => {
    if (status === null) {
      if (timer !== null) clearInterval(timer);
      timer = null;
      return;
    }
    last = status;
    timer ??= setInterval(() => write(`${last}\n`), everyMs).unref();
  };
}
