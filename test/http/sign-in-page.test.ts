import { createHash } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SoftwareAuthenticator } from '../fixtures/authenticator.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

/** As much of a browser as the page needs, with a device that holds passkeys. */
class Browser {
  readonly fields = new Map<string, Field>();
  readonly device: SoftwareAuthenticator;

  constructor(
    readonly farm: TestFarm,
    hash = '',
  ) {
    const origin = `http://localhost:${new URL(farm.url).port}`;
    this.device = new SoftwareAuthenticator(origin);
    this.hash = hash;
  }

  private readonly hash: string;

  field(id: string): Field {
    const field = this.fields.get(id) ?? new Field();
    this.fields.set(id, field);
    return field;
  }

  /** Loads the page and runs its script. */
  async open(): Promise<void> {
    const page = await fetch(`${this.farm.url}/sign-in`);
    const script = /<script>([\s\S]*)<\/script>/.exec(await page.text())?.[1] ?? '';
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    expect(policy).toContain("frame-ancestors 'none'");
    const context = createContext({
      document: { getElementById: (id: string) => this.field(id) },
      navigator: { credentials: this.#credentials() },
      location: { hash: this.hash, pathname: '/sign-in' },
      history: { replaceState: () => undefined },
      fetch: (path: string, init: RequestInit) => fetch(new URL(path, this.farm.url), init),
      URLSearchParams,
      Uint8Array,
      atob,
      btoa,
    });
    runInContext(script, context);
  }

  says(text: string): Promise<void> {
    return vi.waitFor(() => expect(this.field('said').textContent).toContain(text), { timeout: 10_000 });
  }

  #credentials() {
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
    const raw = (credential: Record<string, unknown>) => {
      const response = Object.entries(credential.response as Record<string, string | string[]>);
      const bytes = (value: string) => new Uint8Array(Buffer.from(value, 'base64url'));
      return {
        id: credential.id,
        type: 'public-key',
        rawId: bytes(textAt(credential, 'rawId')),
        response: {
          getTransports: () => ['internal'],
          ...Object.fromEntries(
            response.flatMap(([name, value]) => (typeof value === 'string' ? [[name, bytes(value)]] : [])),
          ),
        },
      };
    };
    return {
      create: async ({ publicKey }: { publicKey: Creation }) =>
        raw(
          this.device.create({
            challenge: text(publicKey.challenge),
            rp: publicKey.rp,
            user: { id: text(publicKey.user.id) },
          }),
        ),
      get: async ({ publicKey }: { publicKey: { challenge: Uint8Array; rpId: string } }) =>
        raw(this.device.get({ challenge: text(publicKey.challenge), rpId: publicKey.rpId })),
    };
  }
}

interface Creation {
  readonly challenge: Uint8Array;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: Uint8Array };
}

class Field {
  value = '';
  textContent = '';
  hidden = false;
  readonly #listeners: ((event: object) => void)[] = [];

  addEventListener(_event: string, listener: (event: object) => void): void {
    this.#listeners.push(listener);
  }

  happen(): void {
    for (const listener of this.#listeners) listener({ preventDefault: () => undefined });
  }
}

describe('the sign-in page', () => {
  it('signs up by the link of init, adds a passkey, signs out and in again', async () => {
    const browser = new Browser(farm, `#invitation=${farm.ownerInvitation}`);
    await browser.open();
    expect(browser.field('invitation').value).toBe(farm.ownerInvitation);
    browser.field('email').value = 'ann@farm.example';
    browser.field('person').value = 'Ann';
    browser.field('sign-up').happen();
    await browser.says('You are signed in.');
    const authorization = `Bearer ${browser.field('token').textContent}`;
    expect((await farm.api('GET', '/v1/stores', undefined, { authorization })).status).toBe(200);

    browser.field('add').happen();
    await browser.says('This device has a passkey now.');
    browser.field('sign-out').happen();
    await browser.says('You are signed out.');
    expect((await farm.api('GET', '/v1/stores', undefined, { authorization })).status).toBe(401);
    browser.field('sign-in').happen();
    await browser.says('You are signed in.');
  });

  it('says what went wrong, in the daemon’s words', async () => {
    const browser = new Browser(farm);
    await browser.open();
    browser.field('invitation').value = 'nonsense';
    browser.field('email').value = 'eve@farm.example';
    browser.field('sign-up').happen();
    await browser.says('Signing up needs an invitation');
  });
});
