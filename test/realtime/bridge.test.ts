import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import type { TlsFiles } from '../../src/config/config.js';
import { Bridge, type BridgeOptions } from '../../src/realtime/bridge.js';
import { NewestStates } from '../../src/realtime/newest-states.js';
import { sinkOf } from '../../src/realtime/sink.js';
import { FarBroker, type Manners, RudeBroker } from './far-broker.js';
import { LogBook } from './logs.js';

const STORE = 'store000000000000000001a';
const STATUS = `stores/${STORE}/status`;
const stats = (printer: string) => `stores/${STORE}/printer-stats/${printer}`;
const PRINTERS = `stores/${STORE}/entities/printers`;
const RETAINED = { retain: true, qos: 0 } as const;
const SECRET = 'the password of the farm';
const QUICK = { firstDelayMs: 10, lastDelayMs: 40, settledMs: 60_000, sweepMs: 300 };

let far: FarBroker;
let log: LogBook;
let open: (() => Promise<void>)[];

beforeEach(async () => {
  far = new FarBroker();
  log = new LogBook();
  open = [() => far.stop()];
  await far.start();
});

afterEach(async () => {
  for (const close of open.reverse()) await close();
});

function bridgeTo(url: string, changes: Partial<BridgeOptions> = {}): Bridge {
  const nothing = { caFile: null, certFile: null, keyFile: null };
  const bridge = new Bridge({
    login: { url, ...nothing, username: 'farm', password: SECRET, clientId: null },
    storeId: STORE,
    topicPrefix: null,
    random: () => 0.5,
    now: Date.now,
    log,
    ...changes,
    timing: { ...QUICK, ...changes.timing },
  });
  open.push(() => bridge.stop());
  return bridge;
}

async function rude(manners: Partial<Manners>): Promise<RudeBroker> {
  const broker = new RudeBroker({ connack: 0, acknowledges: true, reads: true, cuts: false, ...manners });
  await broker.start();
  open.push(() => broker.stop());
  return broker;
}

const warnings = () => log.lines.filter((line) => line.startsWith('warn'));
const infos = () => log.lines.filter((line) => line.startsWith('info'));

/** Asks again until it is so; for what nobody tells. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a bridge', () => {
  it('says that the daemon is there, and what stands on every topic', async () => {
    const bridge = bridgeTo(far.url);
    bridge.store.publishState(stats('a'), () => 'a1');
    bridge.start();
    await far.until(() => far.retained.has(stats('a')) && far.retained.has(STATUS));
    expect(far.messages).toContainEqual({ topic: STATUS, payload: 'online', qos: 1, retain: true });
    expect(far.messages).toContainEqual({ topic: stats('a'), payload: 'a1', qos: 0, retain: true });
    expect(far.clientIds).toEqual([`printfarmd_${STORE}`]);
    bridge.store.publishState(stats('a'), () => 'a2');
    await far.until(() => far.retained.get(stats('a')) === 'a2');
    expect(bridge.status).toMatchObject({ connected: true, buffered: 0, dropped: 0, problem: null });
    expect(infos()).toEqual([expect.stringContaining('the external broker is connected')]);
  });

  it('says that the daemon goes when it is stopped, and by its last will when it is cut off', async () => {
    const bridge = bridgeTo(far.url);
    bridge.start();
    await far.until(() => far.on(STATUS).length === 1);
    far.cut();
    await far.until(() => far.on(STATUS).length === 3);
    expect(far.on(STATUS)).toEqual(['online', 'offline', 'online']);
    await bridge.stop();
    expect(far.on(STATUS)).toEqual(['online', 'offline', 'online', 'offline']);
    expect(far.retained.get(STATUS)).toBe('offline');
    await eventually(() => far.connections === 0);
    expect(bridge.status.connected).toBe(false);
  });

  it('puts the levels of the prefix in front, but not where topics are taken as they stand', async () => {
    const bridge = bridgeTo(far.url, { topicPrefix: 'farm/hall-1' });
    bridge.store.publishState(stats('a'), () => 'a1');
    bridge.outlet.sink.publish('homeassistant/device/x/config', '{}', RETAINED);
    bridge.start();
    await bridge.deliver(PRINTERS, '{}');
    await far.until(() => far.messages.length === 4);
    expect(far.messages.map(({ topic }) => topic).toSorted()).toEqual(
      [
        `farm/hall-1/${STATUS}`,
        `farm/hall-1/${PRINTERS}`,
        `farm/hall-1/${stats('a')}`,
        'homeassistant/device/x/config',
      ].toSorted(),
    );
  });

  it('keeps the newest state of each printer and every event in order while the broker is away', async () => {
    const bridge = bridgeTo(far.url);
    bridge.store.publishState(stats('a'), () => 'a0');
    bridge.store.publishState(stats('b'), () => 'b0');
    bridge.store.publishState(stats('gone'), () => 'g0');
    bridge.start();
    await far.until(() => far.retained.size === 4);
    await far.stop();
    await eventually(() => !bridge.status.connected);
    far.messages.length = 0;

    for (let step = 1; step <= 1_000; step++) bridge.store.publishState(stats('a'), () => `a${step}`);
    bridge.store.publish(stats('gone'), '', RETAINED);
    const events = ['1', '2', '3'];
    const delivered = (async () => {
      for (const event of events) await bridge.deliver(PRINTERS, event);
    })();
    expect(bridge.status).toMatchObject({ buffered: 3, dropped: 999 });

    await eventually(() => warnings().length === 2);
    await far.start();
    await delivered;
    await far.until(() => far.retained.get(stats('a')) === 'a1000' && !far.retained.has(stats('gone')));
    expect(far.on(PRINTERS)).toEqual(events);
    expect(far.on(stats('a'))).toEqual(['a1000']);
    // The broker may have lost it: it is told again though nothing changed.
    await far.until(() => far.on(stats('b')).length === 1);
    expect(far.on(stats('gone'))).toEqual(['']);
    const after = far.messages.find(({ topic }) => topic === PRINTERS);
    expect(after).toMatchObject({ qos: 1, retain: false });
    expect(bridge.status).toMatchObject({ buffered: 0, connected: true });
    expect(warnings()).toHaveLength(2);
    expect(warnings()[0]).toMatch(/no external broker: .* trying again .*"reason":"lost"/);
    expect(warnings()[1]).toContain('nothing listens there');
    expect(infos()).toHaveLength(2);
  });

  it('empties what an earlier run left of printers that went while the daemon was down', async () => {
    const discovery = 'homeassistant/device/store/+/config';
    await far.keep(stats('gone'), 'from before');
    await far.keep(stats('here'), 'from before');
    await far.keep('homeassistant/device/store/gone/config', '{}');
    await far.keep('homeassistant/device/other/gone/config', '{}');
    await far.keep(`stores/other/printer-stats/gone`, 'not ours');
    const bridge = bridgeTo(far.url, { ownTopics: [discovery] });
    bridge.store.publishState(stats('here'), () => 'now');
    bridge.start();
    await far.until(
      () =>
        far.on('homeassistant/device/store/gone/config').length === 1 &&
        far.on(stats('gone')).length === 1 &&
        far.on(STATUS).length === 1,
    );
    expect([...far.retained.keys()].toSorted()).toEqual(
      [
        'homeassistant/device/other/gone/config',
        stats('here'),
        STATUS,
        'stores/other/printer-stats/gone',
      ].toSorted(),
    );
  });

  it('tells a wrong password in one clear line without the password, and goes on trying', async () => {
    far.password = 'another';
    const bridge = bridgeTo(far.url);
    bridge.start();
    await eventually(() => far.clientIds.length >= 3);
    expect(warnings()).toEqual([expect.stringContaining('refuses user or password')]);
    expect(warnings()[0]).toContain('username and password of realtime.bridge');
    expect(bridge.status).toMatchObject({
      connected: false,
      problem: expect.stringContaining('refuses user'),
    });
    expect(log.lines.join('\n')).not.toContain(SECRET);
    far.password = SECRET;
    await far.until(() => far.on(STATUS).length === 1);
    expect(infos()).toHaveLength(1);
  });

  it('delivers what it was given before it was started', async () => {
    const bridge = bridgeTo(far.url);
    const delivered = bridge.deliver(PRINTERS, 'early');
    bridge.start();
    await delivered;
    expect(far.on(PRINTERS)).toEqual(['early']);
    await bridge.stop();
    await expect(bridge.deliver(PRINTERS, 'late')).rejects.toThrow('stopped');
  });

  it('sends an event again that was not acknowledged when the connection ended', async () => {
    const silent = await rude({ acknowledges: false });
    const bridge = bridgeTo(`mqtt://127.0.0.1:${silent.port}`, { timing: { acknowledgeMs: 50 } });
    bridge.start();
    const events = () =>
      silent.packets.filter((packet) => packet.cmd === 'publish' && packet.topic === PRINTERS);
    const delivered = bridge.deliver(PRINTERS, 'once at least');
    delivered.catch(() => undefined);
    await silent.until(() => events().length >= 3);
    await bridge.stop();
    await expect(delivered).rejects.toThrow('stopped');
  });
});

describe('a change that is larger than the broker takes', () => {
  it('is given up after some tries, so that what waits behind it comes', async () => {
    const strict = await rude({ largest: 1_000 });
    const bridge = bridgeTo(`mqtt://127.0.0.1:${strict.port}`);
    bridge.start();
    const large = 'x'.repeat(200_000);
    await bridge.deliver(PRINTERS, large);
    await bridge.deliver(PRINTERS, 'small');
    const sizes = strict.packets.flatMap((packet) =>
      packet.cmd === 'publish' && packet.topic === PRINTERS ? [packet.payload.length] : [],
    );
    expect(sizes).toEqual([200_000, 200_000, 200_000, 200_000, 200_000, 5]);
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining('too large?'),
    ]);
  });
});

describe('the way to a broker', () => {
  let folder: string;
  let files: TlsFiles;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'printfarmd-far-'));
    files = await createTlsMaterial(folder, machineNames(), new Date());
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function farBy(kind: 'mqtts' | 'ws' | 'wss'): Promise<FarBroker> {
    const [cert, key] = await Promise.all([readFile(files.certFile), readFile(files.keyFile)]);
    const broker = new FarBroker(kind, { cert, key });
    await broker.start();
    open.push(() => broker.stop());
    return broker;
  }

  const login = (url: string, changes: object = {}) => ({
    ...{ url, username: 'farm', password: SECRET, clientId: 'a farm', certFile: null, keyFile: null },
    ...{ caFile: files.caFile, ...changes },
  });

  it.each(['mqtts', 'ws', 'wss'] as const)('may be %s', async (kind) => {
    const broker = await farBy(kind);
    const bridge = bridgeTo('', { login: login(broker.url) });
    bridge.store.publishState(stats('a'), () => 'x'.repeat(100_000));
    bridge.start();
    await bridge.deliver(PRINTERS, 'an event');
    await broker.until(() => broker.retained.get(stats('a'))?.length === 100_000);
    expect(broker.clientIds).toEqual(['a farm']);
    await bridge.stop();
    expect(broker.on(STATUS)).toEqual(['online', 'offline']);
  });

  it.each([
    ['a CA that is not known', { caFile: null }, 'name its CA in realtime.bridge.caFile'],
    ['a file that is not there', { caFile: '/nowhere/ca.pem' }, 'ENOENT'],
  ])('shows nothing of ours to a broker behind %s', async (_, changes, words) => {
    const broker = await farBy('mqtts');
    bridgeTo('', { login: login(broker.url, changes) }).start();
    await eventually(() => warnings().length > 0);
    expect(warnings()[0]).toContain(words);
    expect(broker.clientIds).toEqual([]);
  });

  it('is told apart: no TLS there, no MQTT there, nobody there', async () => {
    const web = await farBy('ws');
    for (const [url, words] of [
      [far.url.replace('mqtt:', 'mqtts:'), 'does not speak TLS'],
      [web.url.replace('/mqtt', '/other'), '400'],
      [web.url.replace('ws:', 'mqtt:').replace('/mqtt', ''), 'answers, but not as an MQTT broker'],
      ['mqtt://127.0.0.1:1', 'nothing listens there'],
    ] as const) {
      log.lines.length = 0;
      const bridge = bridgeTo('', { login: login(url), timing: { connectMs: 2_000 } });
      bridge.start();
      await eventually(() => warnings().length > 0);
      expect(warnings()[0]).toContain(words);
      await bridge.stop();
    }
  });
});

describe('a broker with bad manners', () => {
  it('never acknowledges: states go on, nothing piles up, and it is told twice at most', async () => {
    const silent = await rude({ acknowledges: false });
    const bridge = bridgeTo(`mqtt://127.0.0.1:${silent.port}`, { timing: { acknowledgeMs: 50 } });
    bridge.start();
    for (let printer = 0; printer < 100; printer++)
      bridge.store.publishState(stats(`p${printer}`), () => 'x');
    for (let printer = 0; printer < 100; printer++)
      bridge.store.publish(stats(`gone${printer}`), '', RETAINED);
    await silent.until(() => silent.connections >= 4);
    const seen = silent.packets.filter((packet) => packet.cmd === 'publish' && packet.topic === stats('p99'));
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(bridge.status.buffered).toBeLessThanOrEqual(200);
    // One of each kind waits for its acknowledgement on a connection: status, event, emptied topic.
    const waiting = silent.packets.filter((packet) => packet.cmd === 'publish' && packet.qos === 1);
    expect(waiting.length).toBeLessThanOrEqual(3 * silent.connections);
    expect(warnings()).toEqual(Array(2).fill(expect.stringContaining('does not acknowledge')));
    expect(infos()).toHaveLength(2);
  });

  it('does not read: each topic waits as its newest, however much is published', async () => {
    const deaf = await rude({ reads: false, acknowledges: false });
    const bridge = bridgeTo(`mqtt://127.0.0.1:${deaf.port}`, { timing: { acknowledgeMs: 60_000 } });
    bridge.start();
    await eventually(() => bridge.status.connected);
    const text = 'x'.repeat(10_000);
    let put = 0;
    const round = () => {
      for (let printer = 0; printer < 100; printer++) {
        bridge.store.publishState(stats(`p${printer}`), () => {
          put += 1;
          return text;
        });
      }
    };
    // Until the buffers on the way, which belong to the system, are full.
    while (bridge.status.buffered < 100) {
      round();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const full = put;
    for (let again = 0; again < 1_000; again++) round();
    await new Promise((resolve) => setImmediate(resolve));
    expect(put).toBe(full);
    expect(bridge.status.buffered).toBe(100);
    expect(bridge.status.dropped).toBeGreaterThanOrEqual(99_000);
    // Once it reads again, it hears how things stand now.
    bridge.store.publishState(stats('p7'), () => 'the newest');
    deaf.readAgain();
    const seen = () =>
      deaf.packets.filter((packet) => packet.cmd === 'publish' && packet.topic === stats('p7'));
    await deaf.until(() => {
      const last = seen().at(-1);
      return last?.cmd === 'publish' && last.payload.toString() === 'the newest';
    });
    await eventually(() => bridge.status.buffered === 0);
  });

  it('lets in and throws out, again and again: tried less and less often, and told twice at most', async () => {
    const fickle = await rude({ cuts: true });
    const delays: number[] = [];
    const bridge = bridgeTo(`mqtt://127.0.0.1:${fickle.port}`, {
      random: () => {
        delays.push(fickle.connections);
        return 1;
      },
      timing: { firstDelayMs: 1, lastDelayMs: 16 },
    });
    bridge.start();
    await fickle.until(() => fickle.connections >= 8);
    expect(warnings()).toHaveLength(2);
    expect(infos()).toHaveLength(2);
    expect(delays.length).toBeGreaterThanOrEqual(7);
  });

  it('babbles: the connection is given up', async () => {
    const babbler = await rude({ babbles: true });
    bridgeTo(`mqtt://127.0.0.1:${babbler.port}`).start();
    await babbler.until(() => babbler.connections >= 2);
    expect(warnings()).not.toEqual([]);
  });

  it('answers nothing to CONNECT', async () => {
    const mute = await rude({ connack: null });
    const bridge = bridgeTo(`mqtt://127.0.0.1:${mute.port}`, { timing: { connectMs: 50 } });
    bridge.start();
    await mute.until(() => mute.connections >= 2);
    expect(warnings()).toEqual([expect.stringContaining('does not answer as an MQTT broker')]);
  });

  it.each([
    [1, 'does not speak MQTT 3.1.1'],
    [2, 'realtime.bridge.clientId'],
    [3, 'not in service'],
    [5, 'refuses user or password'],
  ])('refuses with code %i, which is said in words', async (code, words) => {
    const stern = await rude({ connack: code });
    bridgeTo(`mqtt://127.0.0.1:${stern.port}`).start();
    await eventually(() => warnings().length > 0);
    expect(warnings()[0]).toContain(words);
  });

  it('is stopped in time whatever it does', async () => {
    const deaf = await rude({ reads: false, acknowledges: false });
    const bridge = bridgeTo(`mqtt://127.0.0.1:${deaf.port}`, { timing: { acknowledgeMs: 200 } });
    bridge.start();
    await eventually(() => bridge.status.connected);
    await bridge.stop();
    await bridge.stop();
    expect(bridge.status.connected).toBe(false);
  });
});

describe('the newest states', () => {
  type Step = readonly ['set' | 'clear', string] | readonly ['take' | 'takeCleared' | 'lost'];
  const topic = fc.constantFrom('a', 'b', 'c');
  const steps = fc.array(
    fc.oneof(
      fc.tuple(fc.constantFrom('set' as const, 'clear' as const), topic),
      fc.tuple(fc.constantFrom('take' as const, 'takeCleared' as const, 'lost' as const)),
    ),
  );

  /** What a broker shows that is told everything in the order in which it is taken. */
  function tell(states: NewestStates, shown: Map<string, string>): void {
    for (let topic = states.takeCleared(); topic !== null; topic = states.takeCleared()) shown.delete(topic);
    for (let next = states.take(); next !== null; next = states.take()) shown.set(next.topic, next.text());
  }

  it('bring a broker to the truth, whatever it has heard before', () => {
    fc.assert(
      fc.property(steps, (all: readonly Step[]) => {
        const states = new NewestStates();
        const truth = new Map<string, string>();
        const shown = new Map<string, string>();
        let version = 0;
        for (const [what, topic = ''] of all) {
          if (what === 'set') {
            const text = `v${version++}`;
            truth.set(topic, text);
            states.set(topic, () => text);
          } else if (what === 'clear') {
            truth.delete(topic);
            states.clear(topic);
          } else if (what === 'take') {
            const next = states.take();
            if (next !== null) shown.set(next.topic, next.text());
          } else if (what === 'takeCleared') {
            const cleared = states.takeCleared();
            if (cleared !== null) states.notCleared(cleared);
          } else states.allDue();
        }
        tell(states, shown);
        expect(shown).toEqual(truth);
        expect(states.waiting).toBe(0);
      }),
    );
  });

  it('forget the topic that was emptied first when there are too many', () => {
    const states = new NewestStates();
    for (let printer = 0; printer < 10_005; printer++) states.clear(`p${printer}`);
    expect(states.waiting).toBe(10_000);
    expect(states.dropped).toBe(5);
    expect(states.takeCleared()).toBe('p5');
  });
});

describe('several sinks', () => {
  it('are one, and a state is put into words once', () => {
    const heard: string[] = [];
    const sink = (name: string) => ({
      publishState: (topic: string, text: () => string) => void heard.push(`${name} ${topic} ${text()}`),
      publish: (topic: string, payload: string) => void heard.push(`${name} ${topic} ${payload}`),
    });
    let put = 0;
    const all = sinkOf([sink('one'), sink('two')]);
    all.publishState('t', () => `text ${++put}`);
    all.publish('u', '', RETAINED);
    expect(heard).toEqual(['one t text 1', 'two t text 1', 'one u ', 'two u ']);
  });
});
