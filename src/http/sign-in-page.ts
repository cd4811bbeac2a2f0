import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { SIGN_IN_SCRIPT } from './sign-in-script.js';

const STYLE = `body { font: 1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; margin: 0.75rem 0; }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: 0.4rem; }
button { font: inherit; padding: 0.4rem 1rem; margin: 0.25rem 0; }
code { overflow-wrap: anywhere; }
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in: printfarmd</title>
<style>${STYLE}</style>
</head>
<body>
<h1>printfarmd</h1>
<p id="said" role="status"></p>
<div id="out">
<button id="sign-in" type="button">Sign in with a passkey</button>
<h2>You were invited?</h2>
<form id="sign-up">
<label>Invitation <input id="invitation" required autocomplete="off"></label>
<label>E-mail address <input id="email" type="email" required autocomplete="username webauthn"></label>
<label>Your name <input id="person" autocomplete="name"></label>
<button type="submit">Sign up with a passkey</button>
</form>
</div>
<div id="in" hidden>
<p>The token of this session, for the header <code>authorization: Bearer</code>. Keep it to yourself:</p>
<p><code id="token"></code></p>
<button id="add" type="button">Add another passkey</button>
<button id="sign-out" type="button">Sign out</button>
</div>
<script>${SIGN_IN_SCRIPT}</script>
</body>
</html>
`;

/** Only what is in the page itself runs, and nobody may show it in a frame. */
const POLICY = [
  "default-src 'none'",
  `script-src '${digest(SIGN_IN_SCRIPT)}'`,
  `style-src '${digest(STYLE)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `GET /sign-in`: where people make their passkey and sign in; it needs nothing but the daemon. */
export function mountSignInPage(app: FastifyInstance): void {
  app.get('/sign-in', (_request, reply) =>
    reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      })
      .send(PAGE),
  );
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
