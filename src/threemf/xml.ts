import { XMLParser } from 'fast-xml-parser';
import { SlicedFileError } from './sliced-file-error.js';

/** One element: attributes under `@name`, child elements under their name, always as lists. */
export type XmlElement = Readonly<Record<string, unknown>>;

const ATTRIBUTE = '@';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  // The library would expand entities that the document itself declares. We decode the fixed ones ourselves.
  processEntities: false,
  parseAttributeValue: false,
  parseTagValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
});

/**
 * Parses a small XML document. Document types are refused, so nothing in it can name another resource or grow.
 * @param what the entry's name, for the error
 * @throws SlicedFileError `malformed`
 */
export function parseXml(bytes: Buffer, what: string): XmlElement {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) {
    throw new SlicedFileError('malformed', `${what} declares a document type, which no slicer writes.`);
  }
  try {
    const parsed: unknown = parser.parse(text, true);
    if (isElement(parsed)) return parsed;
  } catch (cause) {
    throw new SlicedFileError('malformed', `${what} is not well-formed XML.`, { cause });
  }
  throw new SlicedFileError('malformed', `${what} is not an XML document.`);
}

/** Child elements of one name, in document order. Children without attributes and children of their own are left out. */
export function children(element: XmlElement, name: string): XmlElement[] {
  if (!Object.hasOwn(element, name)) return [];
  const list = element[name];
  return Array.isArray(list) ? list.filter(isElement) : [];
}

export function attribute(element: XmlElement, name: string): string | null {
  const key = ATTRIBUTE + name;
  if (!Object.hasOwn(element, key)) return null;
  const value = element[key];
  return typeof value === 'string' ? decodeReferences(value) : null;
}

/** `<metadata key="…" value="…"/>` children as a map. The first of a repeated key counts. */
export function metadataOf(element: XmlElement): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const item of children(element, 'metadata')) {
    const key = attribute(item, 'key');
    if (key !== null && !map.has(key)) map.set(key, attribute(item, 'value') ?? '');
  }
  return map;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** The five references that XML itself defines, and numbers. Anything else stays as written. */
export function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (whole, hex, decimal, name) => {
      if (typeof name === 'string') return NAMED.get(name.toLowerCase()) ?? whole;
      const point = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
      const isCharacter = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
      return isCharacter ? String.fromCodePoint(point) : whole;
    },
  );
}

function isElement(value: unknown): value is XmlElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
