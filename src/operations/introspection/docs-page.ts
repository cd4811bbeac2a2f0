import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ApiDocument } from './document.js';
import { type TypePart, typeText } from './type-text.js';

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--link:#0a6cc4}
@media(prefers-color-scheme:dark){:root{--link:#6cb8ff}}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem 1.25rem 6rem}
nav{columns:12rem;margin:1rem 0 2rem}nav a{display:block}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h2{border-bottom:1px solid var(--line);margin-top:2.5rem}
details{border:1px solid var(--line);border-radius:6px;margin:.4rem 0}
details>div{border-top:1px solid var(--line);padding:.25rem .9rem .75rem}
summary{cursor:pointer;padding:.35rem .9rem}summary span{opacity:.75}
b{display:inline-block;font:600 12px ui-monospace,monospace;width:4.2rem}
code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:var(--soft);border-radius:6px;margin:.3rem 0 .8rem;overflow-x:auto;padding:.6rem .8rem}
h4{margin:.8rem 0 .2rem}table{border-collapse:collapse}td{padding:.1rem 1.2rem .1rem 0;vertical-align:top}
`;

/** Nothing is loaded, sent or run: the page is this text and its one style. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const schema = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.object({ schema: schema.optional() })).default({});
const parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema: schema.optional(),
});
const described = z.object({
  summary: z.string(),
  tags: z.array(z.string()),
  'x-permissions': z.array(z.string()).default([]),
  security: z.array(z.unknown()).optional(),
  parameters: z.array(z.union([parameter, z.object({ $ref: z.string() })])).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(
    z.string(),
    z.object({ content, description: z.string() }).or(z.object({ $ref: z.string() })),
  ),
});
type Described = z.infer<typeof described>;

interface Entry extends Described {
  readonly method: string;
  readonly path: string;
}

/** The whole description as one page that stands alone: no script, nothing from elsewhere. */
export function docsPage(document: ApiDocument): string {
  const entries = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, one]): Entry => ({ ...described.parse(one), method, path })),
  );
  const tags = [...new Set(entries.flatMap(({ tags: [tag = ''] }) => tag))].sort();
  const { info, components } = document;
  const sections = tags.map((tag) => {
    const own = entries.filter(({ tags: [first] }) => first === tag);
    return `<h2 id="${escaped(tag)}">${escaped(tag)}</h2>${own.map(entryHtml).join('')}`;
  });
  const types = Object.entries(components.schemas).map(
    ([name, one]) => `<h4 id="type-${escaped(name)}">${escaped(name)}</h4>${pre(typeText(one))}`,
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>printfarmd API</title><style>${STYLE}</style></head><body>`,
    `<h1>printfarmd API <small>${escaped(String(info.version))}</small></h1>`,
    `<p>${inline(String(info.description))}</p>`,
    '<p>The same for programs: <a href="/swagger.json">swagger.json</a> (OpenAPI 3.1).</p>',
    `<nav>${[...tags, 'types'].map((tag) => `<a href="#${escaped(tag)}">${escaped(tag)}</a>`).join('')}</nav>`,
    ...sections,
    `<h2 id="types">types</h2>${types.join('')}`,
    '</body></html>\n',
  ].join('\n');
}

function entryHtml({ method, path, summary, parameters, requestBody, responses, ...one }: Entry): string {
  const needs = one.security?.length === 0 ? 'Open to anyone.' : needsOf(one['x-permissions']);
  const named = parameters.flatMap((given) => ('name' in given ? [given] : []));
  const rows = named.map(
    (given) =>
      `<tr><td><code>${escaped(given.name)}</code></td><td>${given.in}</td><td><code>${textOf(typeText(given.schema))}</code></td></tr>`,
  );
  const shared = parameters.flatMap((given) => ('$ref' in given ? [given.$ref.split('/').at(-1) ?? ''] : []));
  const body = requestBody?.content['application/json']?.schema;
  const [status = '', success] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? [];
  const answers = success && 'content' in success ? Object.entries(success.content) : [];
  return [
    `<details id="${escaped(`${method}-${path}`)}"><summary><b>${method.toUpperCase()}</b><code>${escaped(path)}</code> <span>${escaped(summary)}</span></summary><div>`,
    `<p>${needs}</p>`,
    rows.length > 0 ? `<h4>Parameters</h4><table>${rows.join('')}</table>` : '',
    shared.length > 0 ? `<p>And <code>${shared.map(escaped).join('</code>, <code>')}</code>.</p>` : '',
    body ? `<h4>Body</h4>${pre(typeText(body))}` : '',
    `<h4>Answer ${escaped(status)}</h4>`,
    answers.length === 0 ? '<p>An empty body.</p>' : '',
    ...answers.map(([type, { schema: shape }]) => (shape ? pre(typeText(shape)) : `<p>${escaped(type)}</p>`)),
    '</div></details>',
  ].join('');
}

function needsOf(permissions: readonly string[]): string {
  return permissions.length === 0
    ? 'Needs a key, but no permission.'
    : `Needs <code>${permissions.map(escaped).join('</code> and <code>')}</code>.`;
}

function pre(parts: readonly TypePart[]): string {
  return `<pre>${textOf(parts)}</pre>`;
}

function textOf(parts: readonly TypePart[]): string {
  return parts
    .map((part) =>
      typeof part === 'string'
        ? escaped(part)
        : `<a href="#type-${escaped(part.type)}">${escaped(part.type)}</a>`,
    )
    .join('');
}

/** With what stands between backticks as code. */
function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
