import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretsOf } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError, formatProblem } from '../../src/config/problem.js';
import { folderWith, load, places, problemsOf } from './config-file.js';

const PRINTER = 'printers:\n  - serial: 01p00a123456789\n    host: 127.0.5.1\n';

describe('a configuration that is right', () => {
  it('may be empty: every setting has a default', async () => {
    const { config, warnings } = await load('');
    expect(config.http).toEqual({
      host: '127.0.0.1',
      port: 3001,
      publicBaseUrl: null,
      tls: null,
      trustedProxies: [],
      corsOrigins: [],
      maxBodyBytes: 1_048_576,
      requestTimeoutMs: 30_000,
    });
    expect(config.storage.maxFileBytes).toBe(1_073_741_824);
    expect(config.queue).toMatchObject({
      maxConcurrentJobs: null,
      confirmStartSeconds: 270,
      tickSeconds: 15,
    });
    expect(config.discovery.ports).toEqual([2021, 1990]);
    expect(warnings).toEqual([]);
  });

  it('takes relative paths from its own folder', async () => {
    const folder = await folderWith({ 'farm.yaml': 'bambu: { extraCaFiles: [ca/a.pem] }', 'ca/a.pem': 'x' });
    const { config, file } = await loadConfig(join(folder, 'farm.yaml'), {});
    expect(file).toBe(join(folder, 'farm.yaml'));
    expect(config.dataDir).toBe(join(folder, 'data'));
    expect(config.bambu.extraCaFiles).toEqual([join(folder, 'ca/a.pem')]);
    expect(config.mqtt.tls).toEqual({
      certFile: join(folder, 'data/tls/server.pem'),
      keyFile: join(folder, 'data/tls/server-key.pem'),
      caFile: join(folder, 'data/tls/ca.pem'),
    });
  });

  it('keeps an unquoted access code and serial number as written, leading zeros and all', async () => {
    const { config } = await load(
      'printers:\n  - serial: 030000000000001\n    host: h\n    accessCode: 01234567\n',
    );
    expect(config.printers).toEqual([
      {
        serial: '030000000000001',
        host: 'h',
        name: null,
        model: null,
        accessCode: '01234567',
        mqttPort: 8883,
        ftpPort: 990,
        cameraPort: null,
        trust: 'ca',
        caFile: null,
      },
    ]);
  });

  it('writes serial numbers in capitals', async () => {
    const { config } = await load(`${PRINTER}    accessCode: abc12345\n`);
    expect(config.printers[0]?.serial).toBe('01P00A123456789');
  });

  it('drops the slash at the end of the public address', async () => {
    const { config } = await load('http: { publicBaseUrl: "https://farm.example/" }');
    expect(config.http.publicBaseUrl).toBe('https://farm.example');
  });

  it('follows YAML aliases', async () => {
    const { config } = await load('http: { host: &here 127.0.0.9 }\nmqtt: { host: *here }');
    expect(config.mqtt.host).toBe('127.0.0.9');
  });
});

describe('what is unwise is a warning', () => {
  it('names plain HTTP and plain MQTT on the network, and printers that prove nothing', async () => {
    const { warnings } = await load(
      `http: { host: 0.0.0.0 }\nmqtt: { plain: { enabled: true, host: 0.0.0.0 } }\n${PRINTER}    accessCode: abc\n    trust: insecure\n`,
    );
    expect(warnings.map((warning) => warning.key)).toEqual(['http.host', 'mqtt.plain', 'printers[0].trust']);
  });

  it('names a configuration with access codes that others can read', async () => {
    const folder = await folderWith({ 'farm.yaml': `${PRINTER}    accessCode: abc\n` });
    await chmod(join(folder, 'farm.yaml'), 0o644);
    const { warnings } = await loadConfig(join(folder, 'farm.yaml'), {});
    expect(warnings.map((warning) => warning.key)).toEqual(['printers']);
    expect(warnings[0]?.message).toContain('chmod 600');
  });
});

describe('what is wrong', () => {
  it('is told with file, line, column, key, what was found and what is allowed', async () => {
    const [problem] = await problemsOf('http:\n  port: eighty\n');
    expect(problem).toMatchObject({
      line: 2,
      column: 9,
      key: 'http.port',
      variable: null,
      found: '"eighty"',
      allowed: 'a port from 0 to 65535 (0 = any free one)',
    });
    expect(problem?.file).toMatch(/farm\.yaml$/);
  });

  it('is told all at once, in the order of the file', async () => {
    const problems = await problemsOf(
      [
        'dataDir: 7.5e', // text: fine
        'http:',
        '  prot: 80',
        '  host: 300.1.1.1',
        'mqtt: []',
        'log: { level: wran, pretty: yes please }',
        'printers:',
        '  - serial: "!"',
        '    host: h',
        '    mqttPort: 0',
        'discovery: { ports: [70000, 1990, x] }',
        'colour: red',
        '',
      ].join('\n'),
      { PRINTFARMD_QUEUE_TICK_SECONDS: 'soon', PRINTFARMD_LOG_LEVLE: 'info' },
    );
    expect(problems.map((problem) => problem.variable ?? problem.key)).toEqual([
      'http.prot',
      'http.host',
      'mqtt',
      'log.level',
      'log.pretty',
      'printers[0]',
      'printers[0].serial',
      'printers[0].mqttPort',
      'discovery.ports[0]',
      'discovery.ports[2]',
      'colour',
      'PRINTFARMD_LOG_LEVLE',
      'PRINTFARMD_QUEUE_TICK_SECONDS',
    ]);
  });

  it('suggests the key that was meant, once', async () => {
    const problems = await problemsOf(
      'printers:\n  - seriel: 01P00A123456789\n    host: h\n    accesscode: abc\n',
    );
    expect(places(problems)).toEqual(['2:5 printers[0].seriel', '4:5 printers[0].accesscode']);
    expect(problems.map((problem) => problem.suggestion)).toEqual(['serial', 'accessCode']);
  });

  it('suggests the word that was meant', async () => {
    const [problem] = await problemsOf('log: { level: wran }');
    expect(problem).toMatchObject({ found: '"wran"', suggestion: 'warn' });
  });

  it('names what is missing', async () => {
    const problems = await problemsOf('printers:\n  - accessCode: abc\n');
    expect(problems.map((problem) => problem.message)).toEqual([
      'printers[0].serial is missing',
      'printers[0].host is missing',
    ]);
    expect(places(problems)).toEqual(['2:5 printers[0].serial', '2:5 printers[0].host']);
  });

  it('points past an anchor to the value itself', async () => {
    const problems = await problemsOf('storage: &s { orphanHours: 0 }\n');
    expect(places(problems)).toEqual(['1:28 storage.orphanHours']);
  });

  it.each([
    ['neither', '', 'printers[0] has no access code'],
    ['both', '    accessCode: abc\n    accessCodeFile: code\n', 'printers[0] has its access code twice'],
  ])('asks for exactly one access code: %s', async (_, lines, message) => {
    const problems = await problemsOf(PRINTER + lines, {}, { code: 'abc' });
    expect(problems.map((problem) => problem.message)).toEqual([message]);
  });

  it('refuses the same serial number twice, in any case', async () => {
    const problems = await problemsOf(
      `${PRINTER}    accessCode: a\n  - serial: 01P00A123456789\n    host: h\n    accessCode: b\n`,
    );
    expect(places(problems)).toEqual(['5:13 printers[1].serial']);
  });

  it('refuses one port for two listeners', async () => {
    expect(places(await problemsOf('mqtt:\n  port: 3001\n'))).toEqual(['2:9 mqtt.port']);
    expect(places(await problemsOf('mqtt: { plain: { enabled: true, port: 8883 } }'))).toEqual([
      '1:39 mqtt.plain.port',
    ]);
  });

  it('refuses files that cannot be read, each at its place', async () => {
    const problems = await problemsOf(
      'http:\n  tls:\n    certFile: a.pem\n    keyFile: b.pem\n',
      {},
      { 'a.pem': 'x' },
    );
    expect(places(problems)).toEqual(['4:14 http.tls.keyFile']);
    expect(problems[0]?.message).toContain('ENOENT');
  });

  it('says when there is no file', async () => {
    const folder = await folderWith({});
    await expect(loadConfig(join(folder, 'none.yaml'), {})).rejects.toThrow(
      /none\.yaml: the configuration file cannot be read \(ENOENT\)/,
    );
  });
});

describe('YAML that is wrong', () => {
  it.each([
    ['broken syntax', 'http:\n  port: [1\nlog: 5\n', /not valid YAML/],
    ['a tab as indentation', 'http:\n\tport: 1\n', /not valid YAML/],
    ['two documents', 'log: { level: info }\n---\nlog: { level: warn }\n', /not valid YAML/],
    ['an unknown tag', 'dataDir: !!js/function "x"\n', /not valid YAML/],
    ['an alias of nothing', 'dataDir: *nowhere\n', /not valid YAML/],
    ['a key that stands twice', 'http:\n  port: 1\n  port: 2\n', /http\.port stands twice/],
    ['a list for a file', '- a\n- b\n', /the file is not a section of settings/],
    ['a key that is no word', '? [a, b]\n: 1\n', /a key must be a single word/],
  ])('%s', async (_, yaml, message) => {
    const problems = await problemsOf(yaml);
    expect(problems.map(formatProblem).join('\n')).toMatch(message);
    for (const problem of problems) expect(problem.line).toBeGreaterThan(0);
  });

  it('bounds aliases that multiply', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = Array.from({ length: 10 }, () => (level === 0 ? 'x' : `*l${level - 1}`));
      return `l${level}: &l${level} [${inner.join(', ')}]`;
    });
    const problems = await problemsOf(levels.join('\n'));
    expect(problems.map((problem) => problem.message)).toContain(
      'too deep or too large: look for an alias inside itself',
    );
  });

  it('bounds an alias inside itself', async () => {
    const problems = await problemsOf('printers: &p [*p]\n');
    expect(problems.map((problem) => problem.message).join()).toContain('alias inside itself');
  });

  it('is not a way to a prototype', async () => {
    const problems = await problemsOf('__proto__: { polluted: true }\n');
    expect(problems.map((problem) => problem.key)).toEqual(['__proto__']);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('the environment', () => {
  it('overrides the file, coerced by the schema', async () => {
    const { config, overrides } = await load('http: { port: 1, tls: null }\nlog: { level: warn }', {
      PRINTFARMD_HTTP_PORT: '4001',
      PRINTFARMD_HTTP_PUBLIC_BASE_URL: 'https://farm.example',
      PRINTFARMD_LOG_PRETTY: 'false',
      PRINTFARMD_MQTT_PLAIN_ENABLED: 'true',
      PRINTFARMD_QUEUE_MAX_CONCURRENT_JOBS: '',
      PRINTFARMD_DATA_DIR: '42',
      PRINTFARMD_CONFIG: 'elsewhere.yaml',
      PATH: '/bin',
    });
    expect(config.http.port).toBe(4001);
    expect(config.http.publicBaseUrl).toBe('https://farm.example');
    expect(config.log).toEqual({ level: 'warn', pretty: false });
    expect(config.mqtt.plain.enabled).toBe(true);
    expect(config.queue.maxConcurrentJobs).toBeNull();
    expect(config.dataDir).toMatch(/\/42$/);
    expect(overrides).toContainEqual({ variable: 'PRINTFARMD_HTTP_PORT', key: 'http.port' });
  });

  it('makes sections that the file has not', async () => {
    const env = { PRINTFARMD_HTTP_TLS_CERT_FILE: 'a', PRINTFARMD_HTTP_TLS_KEY_FILE: 'b' };
    const { config } = await load('http: { tls: null }', env, { a: '', b: '' });
    expect(config.http.tls?.certFile).toMatch(/\/a$/);
  });

  it('is blamed by the name of the variable', async () => {
    const problems = await problemsOf('http: { port: 1 }', { PRINTFARMD_HTTP_PORT: 'x' });
    expect(problems).toMatchObject([
      { file: null, line: null, variable: 'PRINTFARMD_HTTP_PORT', key: 'http.port', found: '"x"' },
    ]);
  });

  it('may not hold unknown variables of the prefix', async () => {
    const problems = await problemsOf('', { PRINTFARMD_HTTP_PROT: '1' });
    expect(problems).toMatchObject([
      { variable: 'PRINTFARMD_HTTP_PROT', suggestion: 'PRINTFARMD_HTTP_PORT' },
    ]);
  });
});

describe('secrets', () => {
  it('come from files, without the newline at the end', async () => {
    const { config, warnings } = await load(
      `${PRINTER}    accessCodeFile: secrets/p1\n`,
      {},
      { 'secrets/p1': '12345678\n' },
    );
    expect(config.printers[0]?.accessCode).toBe('12345678');
    expect(config.printers[0]).not.toHaveProperty('accessCodeFile');
    expect(warnings).toEqual([]);
  });

  it('are warned of when others can read their file', async () => {
    const folder = await folderWith({ 'farm.yaml': `${PRINTER}    accessCodeFile: p1\n`, p1: '12345678' });
    await chmod(join(folder, 'p1'), 0o640);
    const { warnings } = await loadConfig(join(folder, 'farm.yaml'), {});
    expect(warnings.map((warning) => warning.key)).toEqual(['printers[0].accessCodeFile']);
  });

  it.each([
    ['an empty file', ''],
    ['two lines', '1234\n5678\n'],
    ['far too much', 'x'.repeat(2000)],
  ])('are refused when the file holds %s', async (_, text) => {
    const problems = await problemsOf(`${PRINTER}    accessCodeFile: p1\n`, {}, { p1: text });
    expect(places(problems)).toEqual(['4:21 printers[0].accessCodeFile']);
  });

  it('are missed when the file is not there, once', async () => {
    const problems = await problemsOf(`${PRINTER}    accessCodeFile: p1\n`);
    expect(problems.map((problem) => problem.message)).toEqual([
      expect.stringMatching(/p1 cannot be read \(ENOENT\)$/),
    ]);
  });

  it.each([
    ['spaces in the code', `${PRINTER}    accessCode: "CANARY 99"\n`],
    ['a list for the code', `${PRINTER}    accessCode: [CANARY99]\n`],
    ['a misspelt key', `${PRINTER}    acessCode: CANARY99\n`],
    ['broken YAML around it', `${PRINTER}    accessCode: "CANARY99" "CANARY99"\n`],
    ['a quote left open', `${PRINTER}    accessCode: "CANARY99\n`],
    ['in the address of a broker', 'realtime: { bridge: { url: "mqtt://farm:CANARY99@b" } }\n'],
    [
      'two lines of a password',
      'realtime: { bridge: { url: mqtt://b, username: u, password: "CANARY\\n99" } }\n',
    ],
  ])('never stand in a message: %s', async (_, yaml) => {
    const problems = await problemsOf(yaml);
    const error = new ConfigError(problems);
    expect(JSON.stringify(problems) + error.message).not.toContain('CANARY');
  });
});

describe('the external broker', () => {
  const URL = '    url: mqtts://broker.example\n';
  const bridge = (rest: string) => `realtime:\n  bridge:\n${URL}${rest}`;

  it('is none by default, and then logs in as nobody', async () => {
    expect((await load('')).config.realtime).toEqual({
      bridge: null,
      topicAliases: false,
      homeAssistant: { enabled: false, prefix: 'homeassistant' },
    });
    const { config } = await load(bridge(''));
    expect(config.realtime.bridge).toEqual({
      url: 'mqtts://broker.example',
      username: null,
      password: null,
      clientId: null,
      caFile: null,
      certFile: null,
      keyFile: null,
      topicPrefix: null,
    });
  });

  it.each([
    ['the file itself', '    username: farm\n    password: 007 of 8\n', {}],
    ['a file of its own', '    username: farm\n    passwordFile: pw\n', { pw: '007 of 8\n' }],
  ])('has its password from %s, which no log shows', async (_, rest, files) => {
    const { config, warnings } = await load(bridge(rest), {}, files);
    expect(config.realtime.bridge).toMatchObject({ username: 'farm', password: '007 of 8' });
    expect(config.realtime.bridge).not.toHaveProperty('passwordFile');
    expect(secretsOf(config)).toEqual(['007 of 8']);
    expect(warnings).toEqual([]);
  });

  it('comes from the environment too', async () => {
    const { config } = await load('', {
      PRINTFARMD_REALTIME_BRIDGE_URL: 'ws://127.0.0.1:9001/mqtt',
      PRINTFARMD_REALTIME_BRIDGE_USERNAME: 'farm',
      PRINTFARMD_REALTIME_BRIDGE_PASSWORD: 'secret',
    });
    expect(config.realtime.bridge).toMatchObject({ url: 'ws://127.0.0.1:9001/mqtt', password: 'secret' });
  });

  it.each([
    ['    username: u\n    password: a\n    passwordFile: pw\n', '6:19 realtime.bridge.passwordFile'],
    ['    password: a\n', '4:15 realtime.bridge.password'],
    ['    certFile: pw\n', '4:15 realtime.bridge.certFile'],
    ['    topicPrefix: farm/+\n', '4:18 realtime.bridge.topicPrefix'],
    ['    topicPrefix: /farm\n', '4:18 realtime.bridge.topicPrefix'],
    ['    topicPrefix: $SYS\n', '4:18 realtime.bridge.topicPrefix'],
  ])('is not taken with %j', async (rest, place) => {
    expect(places(await problemsOf(bridge(rest), {}, { pw: 'x' }))).toEqual([place]);
  });

  it.each(['http://b', 'mqtt://b/path', 'mqtts://u@b', 'wss://b/mqtt?x=1', 'b:1883', 'mqtt://'])(
    'is no address: %s',
    async (url) => {
      const problems = await problemsOf(`realtime: { bridge: { url: "${url}" } }\n`);
      expect(problems.map(({ key }) => key)).toEqual(['realtime.bridge.url']);
    },
  );

  it('is warned of when its password could be read', async () => {
    const rest = '    username: u\n    password: a\n';
    const folder = await folderWith({ 'farm.yaml': bridge(rest).replace('mqtts', 'mqtt') });
    await chmod(join(folder, 'farm.yaml'), 0o644);
    const { warnings } = await loadConfig(join(folder, 'farm.yaml'), {});
    expect(warnings.map(({ key }) => key)).toEqual(['realtime.bridge.url', 'realtime.bridge']);
  });

  it('leaves the ports of an own broker free that does not listen', async () => {
    const same = 'http: { port: 8883 }\n';
    expect(places(await problemsOf(same))).toHaveLength(1);
    expect((await load(`${same}mqtt: { enabled: false }\n`)).config.mqtt.enabled).toBe(false);
  });
});
