import { SaxesParser } from "saxes";
import { decodeText } from "./decode-text.ts";
import { unreadable } from "./refusal.ts";

/** An element; names are without their namespace prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

const maxDepth = 500;

/**
 * Parses XML into a tree. Document type declarations are skipped, so no entity of theirs is known or fetched; an
 * unknown entity stays as written.
 */
export function parseXml(bytes: Uint8Array, name: string): XmlElement {
  const root: Open = { name: "", attributes: {}, children: [] };
  const open: Open[] = [root];
  const parser = new SaxesParser({ xmlns: false, fragment: false });
  parser.on("error", (error) => {
    // What the specification forbids and readers accept all the same.
    if (/entity|namespace|encoding|declaration/iu.test(error.message)) return;
    throw unreadable(name, "its XML is not well formed", error);
  });
  parser.on("opentag", (tag) => {
    if (open.length > maxDepth) throw unreadable(name, `its XML is nested deeper than ${maxDepth} levels`);
    const element: Open = { name: localName(tag.name), attributes: localAttributes(tag.attributes), children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => open.pop());
  const addText = (text: string): void => void open.at(-1)?.children.push(text);
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(decodeText(bytes, declaredEncoding(bytes))).close();
  return root;
}

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (XmlElement | string)[];
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);

const localAttributes = (attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [localName(key), String(value)]));

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  return /<\?xml[^>]+encoding\s*=\s*["'](?<encoding>[\w-]+)/u.exec(head)?.groups?.["encoding"];
}

export const isElement = (node: XmlElement | string): node is XmlElement => typeof node !== "string";

export const childElements = (element: XmlElement): readonly XmlElement[] => element.children.filter(isElement);

/** All elements with this name below an element, in document order, not inside each other. */
export const findElements = (element: XmlElement, name: string): readonly XmlElement[] =>
  childElements(element).flatMap((child) => (child.name === name ? [child] : findElements(child, name)));

export const elementText = (element: XmlElement): string =>
  element.children.map((child) => (isElement(child) ? elementText(child) : child)).join("");
