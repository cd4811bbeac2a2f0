/** What the sign-in page does in the browser. Plain JavaScript, for it goes out as it stands. */
export const SIGN_IN_SCRIPT = `'use strict';
const at = (id) => document.getElementById(id);
const say = (text) => { at('said').textContent = text; };
let token = null;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

async function call(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  if (token !== null) headers.authorization = 'Bearer ' + token;
  const request = { method, headers };
  if (body !== undefined) request.body = JSON.stringify(body);
  const answer = await fetch(path, request);
  const text = await answer.text();
  const json = text === '' ? null : JSON.parse(text);
  if (!answer.ok) throw new Error(json?.message ?? 'The daemon answered ' + answer.status);
  return json;
}

const named = (list) => list.map((one) => ({ ...one, id: toBytes(one.id) }));

async function make(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials ?? []),
  };
  const made = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = made.response;
  return {
    ...common(made),
    response: {
      clientDataJSON: toText(clientDataJSON),
      attestationObject: toText(attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function use(options) {
  const publicKey = { ...options, challenge: toBytes(options.challenge), allowCredentials: [] };
  const used = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature, userHandle } = used.response;
  return {
    ...common(used),
    response: {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
      userHandle: userHandle ? toText(userHandle) : null,
    },
  };
}

const common = (credential) => ({
  id: credential.id,
  rawId: toText(credential.rawId),
  type: credential.type,
  clientExtensionResults: {},
});

function enter(answer) {
  if (!answer.verified) throw new Error('The daemon did not take this passkey. Try again.');
  token = answer.firebaseCustomToken;
  at('token').textContent = token;
  at('out').hidden = true;
  at('in').hidden = false;
  say('You are signed in.');
}

async function signUp() {
  const email = at('email').value;
  const invitation = at('invitation').value.trim();
  const { options } = await call('POST', '/v1/passkeys/signup/begin', { email, invitation });
  const credential = await make(options);
  const body = { email, invitation, credential, termsAccepted: true, recaptchaToken: '' };
  if (at('person').value !== '') body.displayName = at('person').value;
  enter(await call('POST', '/v1/passkeys/signup/complete', body));
  history.replaceState(null, '', location.pathname);
}

async function signIn() {
  const { options } = await call('GET', '/v1/passkeys/authentication/options');
  enter(await call('POST', '/v1/passkeys/authentication/verify', { credential: await use(options) }));
}

async function addPasskey() {
  const { options } = await call('GET', '/v1/passkeys/registration/options');
  const answer = await call('POST', '/v1/passkeys/registration/verify', { credential: await make(options) });
  say(answer.verified ? 'This device has a passkey now.' : 'The daemon did not take this passkey.');
}

async function signOut() {
  await call('DELETE', '/local/sessions/current');
  token = null;
  at('token').textContent = '';
  at('in').hidden = true;
  at('out').hidden = false;
  say('You are signed out.');
}

function does(id, event, act) {
  at(id).addEventListener(event, (happening) => {
    happening.preventDefault();
    say('');
    act().catch((error) => say(error.message));
  });
}
does('sign-up', 'submit', signUp);
does('sign-in', 'click', signIn);
does('add', 'click', addPasskey);
does('sign-out', 'click', signOut);
at('invitation').value = new URLSearchParams(location.hash.slice(1)).get('invitation') ?? '';
if (!('credentials' in navigator))
  say('This browser has no passkeys here: open the page by https and a host name, or by localhost.');
`;
