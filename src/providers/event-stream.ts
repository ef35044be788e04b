/**
 * The `data` of each event of a `text/event-stream` (WHATWG HTML, section 9.2): any line ending, several data lines
 * joined by a newline, a comment or another field skipped. An event that the stream's end cuts off is dropped.
 */
export async function* eventData(response: Response, onPiece: () => void): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  for await (const piece of response.body) {
    onPiece();
    rest += decoder.decode(piece, { stream: true });
    // A carriage return at the very end may be half of a line ending.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "" && data.length > 0) {
        yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  }
}
