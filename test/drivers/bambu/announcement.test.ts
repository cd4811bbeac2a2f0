import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnnouncement } from '../../../drivers/bambu/announcement.js';

const HEADERS: Readonly<Record<string, string>> = {
  Host: '239.255.255.250:1990',
  Server: 'UPnP/1.0',
  Location: '192.168.1.42',
  NT: 'urn:bambulab-com:device:3dprinter:1',
  NTS: 'ssdp:alive',
  USN: '01P09X000000001',
  'Cache-Control': 'max-age=1800',
  'DevModel.bambu.com': 'C12',
  'DevName.bambu.com': 'Würfel 3',
  'DevSignal.bambu.com': '-44',
  'DevConnect.bambu.com': 'lan',
  'DevBind.bambu.com': 'free',
  'Devseclink.bambu.com': 'secure',
  'DevVersion.bambu.com': '01.07.00.00',
};

function text(changes: Readonly<Record<string, string | null>> = {}, start = 'NOTIFY * HTTP/1.1'): Buffer {
  const lines = Object.entries({ ...HEADERS, ...changes }).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  );
  return Buffer.from([start, ...lines, '', ''].join('\r\n'));
}

const parse = (datagram: Uint8Array) => parseAnnouncement(datagram, '192.168.1.99');

describe('an announcement', () => {
  it('tells of a printer', () => {
    expect(parse(text())).toEqual({
      kind: 'alive',
      serial: '01P09X000000001',
      host: '192.168.1.42',
      mqttPort: null,
      modelCode: 'C12',
      modelName: 'Bambu Lab P1S',
      name: 'Würfel 3',
      signalDbm: -44,
      connect: 'lan',
      bind: 'free',
      firmware: '01.07.00.00',
    });
  });

  it('may be the reply to a search', () => {
    const reply = text({ NT: null, NTS: null, ST: HEADERS.NT ?? '' }, 'HTTP/1.1 200 OK');
    expect(parse(reply)).toMatchObject({ kind: 'alive', serial: '01P09X000000001' });
  });

  it('may write its names in any case and end lines with LF alone', () => {
    const lower = Buffer.from(
      text()
        .toString()
        .replace(/^[A-Za-z.-]+:/gm, (name) => name.toLowerCase()),
    );
    expect(parse(lower)).toEqual(parse(text()));
    expect(parse(Buffer.from(text().toString().replaceAll('\r\n', '\n')))).toEqual(parse(text()));
  });

  it('may say goodbye', () => {
    expect(parse(text({ NTS: 'ssdp:byebye' }))?.kind).toBe('byebye');
  });

  it.each([
    ['192.168.1.42', '192.168.1.42', null],
    ['http://192.168.1.42:8883/desc.xml', '192.168.1.42', 8883],
    ['192.168.1.42:18883', '192.168.1.42', 18883],
    ['http://192.168.1.42/', '192.168.1.42', null],
    ['http://printer.example/', '192.168.1.99', null],
    ['http://192.168.1.999/', '192.168.1.99', null],
    ['192.168.1.42:99999', '192.168.1.42', null],
    ['', '192.168.1.99', null],
    [null, '192.168.1.99', null],
  ])('with location %j is at %s port %j', (location, host, port) => {
    expect(parse(text({ Location: location }))).toMatchObject({ host, mqttPort: port });
  });

  it.each([
    ['uuid:01P09X000000001', '01P09X000000001'],
    ['01P09X000000001::urn:bambulab-com:device:3dprinter:1', '01P09X000000001'],
    ['uuid:01P09X000000001::upnp:rootdevice', '01P09X000000001'],
    ['01p09x000000001', '01P09X000000001'],
  ])('with name %s is of %s', (usn, serial) => {
    expect(parse(text({ USN: usn }))?.serial).toBe(serial);
  });

  it.each([
    ['3DPrinter-X1-Carbon', 'BL-P001'],
    ['N7-V2', 'N7'],
    ['XYZ', null],
    ['', null],
  ])('of model %j is of %j', (model, code) => {
    expect(parse(text({ 'DevModel.bambu.com': model }))?.modelCode).toBe(code);
  });

  it.each([
    ['-44', -44],
    ['-44dBm', -44],
    ['strong', null],
  ])('with signal %s has %j dBm', (signal, dbm) => {
    expect(parse(text({ 'DevSignal.bambu.com': signal }))?.signalDbm).toBe(dbm);
  });

  it('of old firmware leaves out what it does not know', () => {
    const sparse = text({
      'DevConnect.bambu.com': '',
      'DevBind.bambu.com': null,
      'DevVersion.bambu.com': null,
      'DevName.bambu.com': null,
      'DevSignal.bambu.com': null,
    });
    expect(parse(sparse)).toMatchObject({
      connect: null,
      bind: null,
      firmware: null,
      name: '',
      signalDbm: null,
    });
  });
});

describe('anything else is ignored', () => {
  it.each([
    ['a search of others', text({}, 'M-SEARCH * HTTP/1.1')],
    ['another kind of device', text({ NT: 'urn:schemas-upnp-org:device:MediaServer:1' })],
    ['a laser device', text({ 'DevModel.bambu.com': 'N8' })],
    ['a broken serial', text({ USN: '../../etc/passwd' })],
    ['no serial', text({ USN: null })],
    ['nothing', Buffer.alloc(0)],
    ['too much', Buffer.concat([text(), Buffer.alloc(8192)])],
    [
      'too many headers',
      text(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`X-${index}`, 'y']))),
    ],
  ])('%s', (_what, datagram) => {
    expect(parse(datagram)).toBeNull();
  });

  it('and nothing ever throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parse(bytes)));
    const value = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(HEADERS)), value, (header, replacement) => {
        void parse(text({ [header]: replacement }));
      }),
    );
  });

  it('control characters and direction marks do not get into names', () => {
    expect(parse(text({ 'DevName.bambu.com': 'a\u0007b\u202ec' }))?.name).toBe('abc');
    expect(parse(text({ 'DevName.bambu.com': 'x'.repeat(500) }))?.name).toHaveLength(128);
  });
});
