import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf, plainAddress } from '../../src/webhooks/addresses.js';
import { TargetRules } from '../../src/webhooks/targets.js';

const rules = (options: Partial<ConstructorParameters<typeof TargetRules>[0]> = {}) =>
  new TargetRules({
    allowPrivateTargets: [],
    allowHttp: false,
    ownPorts: () => [3001, 8883],
    ownAddresses: () => ['192.168.1.5', '2001:4860::5'],
    ...options,
  });

describe('where webhooks may be sent to, by default', () => {
  it.each([
    'https://shop.example/hook',
    'https://93.184.216.34/hook',
    'https://[2606:4700::1111]:8443/x?y=z',
  ])('takes %s', (url) => expect(rules().refusal(url)).toBeNull());

  it.each([
    ['no address', 'shop.example/hook'],
    ['nothing', ''],
    ['another protocol', 'ftp://shop.example/'],
    ['a file', 'file:///etc/passwd'],
    ['no TLS', 'http://shop.example/hook'],
    ['a user', 'https://me@shop.example/hook'],
    ['a password', 'https://:word@shop.example/hook'],
    ['a dot at the end', 'https://shop.example./hook'],
    ['this machine by name', 'https://localhost/'],
    ['a name below localhost', 'https://x.localhost/'],
    ['this machine', 'https://127.0.0.1/'],
    ['this machine in decimal', 'https://2130706433/'],
    ['this machine in hex', 'https://0x7f.1/'],
    ['this machine in octal', 'https://0177.0.0.01/'],
    ['this machine in wide letters', 'https://１２７.０.０.１/'],
    ['this machine in IPv6', 'https://[::1]/'],
    ['this machine mapped into IPv6', 'https://[::ffff:127.0.0.1]/'],
    ['this machine mapped in hex', 'https://[::ffff:7f00:1]/'],
    ['this machine through NAT64', 'https://[64:ff9b::7f00:1]/'],
    ['this machine by 6to4', 'https://[2002:7f00:1::]/'],
    ['ten', 'https://10.1.2.3/'],
    ['one hundred and seventy-two', 'https://172.31.255.255/'],
    ['a home network', 'https://192.168.0.1/'],
    ['a carrier', 'https://100.64.0.1/'],
    ['link-local', 'https://169.254.169.254/latest/meta-data'],
    ['link-local of IPv6', 'https://[fe80::1]/'],
    ['unique local', 'https://[fd00::1]/'],
    ['metadata of IPv6', 'https://[fd00:ec2::254]/'],
    ['multicast', 'https://224.0.0.1/'],
    ['multicast of IPv6', 'https://[ff02::1]/'],
    ['broadcast', 'https://255.255.255.255/'],
    ['nowhere', 'https://0.0.0.0/'],
    ['nowhere of IPv6', 'https://[::]/'],
    ['an example network', 'https://203.0.113.7/'],
    ['a cloud', 'https://168.63.129.16/'],
  ])('refuses %s: %s', (_what, url) => expect(rules().refusal(url)).toEqual(expect.any(String)));

  it('checks every address that a name turns out to have', () => {
    const url = new URL('https://shop.example/hook');
    expect(rules().refusedAddress(url, '93.184.216.34')).toBeNull();
    for (const address of [
      '127.0.0.1',
      '::ffff:10.0.0.1',
      '::1',
      'fe80::1%eth0',
      '169.254.169.254',
      'no address',
    ])
      expect(rules().refusedAddress(url, address), address).not.toBeNull();
  });
});

describe('where webhooks may be sent to, with exceptions', () => {
  const own = rules({ allowPrivateTargets: ['192.168.1.0/24', 'shop.lan', 'fd12::/16'], allowHttp: true });

  it('takes what is listed, without TLS too', () => {
    for (const url of [
      'http://192.168.1.9/hook',
      'https://192.168.1.9/',
      'http://[fd12::9]/',
      'http://[::ffff:c0a8:109]/',
    ])
      expect(own.refusal(url), url).toBeNull();
    expect(own.refusal('http://shop.lan/hook')).toBeNull();
    expect(own.refusedAddress(new URL('http://SHOP.lan/hook'), '10.9.9.9')).toBeNull();
  });

  it('takes nothing else', () => {
    for (const url of [
      'http://192.168.2.9/',
      'https://10.0.0.1/',
      'http://93.184.216.34/',
      'https://127.0.0.1/',
    ])
      expect(own.refusal(url), url).not.toBeNull();
    expect(own.refusedAddress(new URL('https://other.lan/'), '10.9.9.9')).not.toBeNull();
    expect(own.refusedAddress(new URL('http://shop.example/'), '93.184.216.34')).not.toBeNull();
  });

  it('refuses link-local and metadata addresses and its own ports whatever is listed', () => {
    const all = rules({ allowPrivateTargets: ['0.0.0.0/0', '::/0', 'shop.lan'], allowHttp: true });
    for (const url of [
      'http://169.254.169.254/',
      'http://[fe80::1]/',
      'http://[fd00:ec2::254]/',
      'http://0.0.0.0/',
    ])
      expect(all.refusal(url), url).toMatch(/nothing is ever sent/);
    expect(all.refusedAddress(new URL('http://shop.lan/'), '169.254.1.1')).toMatch(/nothing is ever sent/);
    for (const url of [
      'http://127.0.0.1:3001/',
      'http://127.9.9.9:8883/',
      'http://192.168.1.5:3001/',
      'http://[::1]:8883/',
    ])
      expect(all.refusal(url), url).toMatch(/daemon's own/);
    expect(all.refusal('http://127.0.0.1:3002/')).toBeNull();
    expect(all.refusal('http://192.168.1.6:3001/')).toBeNull();
  });
});

describe('an address', () => {
  const v4 = fc.ipV4();

  it('is the same whether it is written as IPv4 or mapped into IPv6', () => {
    fc.assert(
      fc.property(v4, (address) => {
        const mapped = new URL(`http://[::ffff:${address}]/`).hostname;
        expect(plainAddress(mapped)).toBe(address);
        expect(kindOf(mapped)).toBe(kindOf(address));
      }),
    );
  });

  it('of IPv6 is public only where addresses are given out', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const first = Number.parseInt(address.split(':')[0] || '0', 16);
        if (kindOf(address) === 'public' && !plainAddress(address).includes('.'))
          expect(first >= 0x2000 && first <= 0x3fff).toBe(true);
      }),
    );
  });
});
