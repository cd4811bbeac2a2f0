import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Emulator } from '../../drivers/emulator/index.js';
import { buildSlicedFile } from '../fixtures/sliced-file.js';

const ROOT = join(import.meta.dirname, '../..');

/** The README's first hour: its shell blocks, in order, as a newcomer would type them. */
function firstHour(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...readme.matchAll(/<!-- first hour -->\n```sh\n([\s\S]*?)```/g)]
    .map((match) => match[1] ?? '')
    .join('\n');
}

/** Stops at the first failure, says where, and leaves no daemon behind. */
const GUARDS = `set -eEo pipefail
shopt -s expand_aliases
trap 'echo "failed: $BASH_COMMAND"' ERR
trap 'kill %1 2>/dev/null || true' EXIT`;

/** What the test adds after the README's last line: wait for the first copy, clear the bed, wait for the second. */
const THE_REST = `
wait_for() {
  for _ in $(seq 300); do
    [ "$(curl -sf "\${auth[@]}" "$URL/v1/print-jobs?status=completed&fields=id" | jq length)" -ge "$1" ] && return 0
    sleep 0.2
  done
  echo "never $1 completed"; cat "$FARM/printfarmd.log"; exit 1
}
wait_for 1
curl -sf "\${auth[@]}" -X PATCH "$URL/v1/printers/confirm-ready" -d "{\\"ready\\": true, \\"ids\\": [\\"$PRINTER\\"]}" > /dev/null
wait_for 2
store=$(jq -r .storeId "$FARM-init.json"); key=$(jq -r .apiKey "$FARM-init.json")
mqtt=$(jq -r .mqttUrl "$FARM-init.json"); port=\${mqtt##*:}
mosquitto_sub -h 127.0.0.1 -p "$port" --cafile "$(jq -r .caFile "$FARM-init.json")" -u "$store" -P "$key" \\
  -i "apiclient_\${key:0:24}_peer" -t "stores/$store/printer-stats/+" -C 1 -W 20 > "$FARM-stat.json"
mosquitto_sub -V 5 -h 127.0.0.1 -p "$port" --cafile "$(jq -r .caFile "$FARM-init.json")" -u "$store" -P "$key" \\
  -t "stores/$store/printer-stats/+" -C 1 -W 5 > /dev/null 2> "$FARM-v5.txt" || echo "exit $?" >> "$FARM-v5.txt"
mosquitto_pub -h 127.0.0.1 -p "$port" --cafile "$(jq -r .caFile "$FARM-init.json")" -u "$store" -P "$key" \\
  -t "stores/$store/printer-stats/x" -m intruder -q 1 || true
curl -sf "\${auth[@]}" "$URL/v1/print-jobs" > "$FARM-jobs.json"
kill -TERM %1; wait %1; echo "daemon exit $?"
`;

let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'printfarmd-hour-'));
  emulator = new Emulator({ printers: [{ model: 'A1M', host: '127.88.0.1' }], speed: 600 });
  await emulator.start();
  const file = await buildSlicedFile({
    model: 'N1',
    plates: [
      {
        index: 1,
        predictionSeconds: 600,
        weightGrams: 3,
        filaments: [{ id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFA00', usedGrams: 3, usedMeters: 1 }],
      },
    ],
  });
  writeFileSync(join(folder, 'first part.gcode.3mf'), file);
});

afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the README's first hour", () => {
  it('prints two copies with curl alone, and mosquitto_sub sees the printer', async () => {
    const printer = emulator.printers[0];
    const farm = join(folder, 'farm');
    const script = join(folder, 'hour.sh');
    writeFileSync(script, `${GUARDS}\n${firstHour()}\n${THE_REST}`);
    const shell = spawn('bash', [script], {
      cwd: ROOT,
      env: {
        ...process.env,
        FARM: farm,
        SERIAL: printer?.serial,
        HOST: printer?.host,
        CODE: printer?.accessCode,
        TRUST: 'tofu',
        FILE: join(folder, 'first part.gcode.3mf'),
      },
    });
    let output = '';
    shell.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    shell.stderr.on('data', (chunk) => {
      output += String(chunk);
    });
    const [code] = await once(shell, 'exit');
    expect(output).toContain('daemon exit 0');
    expect(code, output).toBe(0);

    const jobs = z
      .array(z.object({ status: z.string() }))
      .parse(JSON.parse(readFileSync(`${farm}-jobs.json`, 'utf8')));
    expect(jobs.map((job) => job.status)).toEqual(['completed', 'completed']);
    const begun = emulator.log.entries.filter((entry) => entry.kind === 'print' && entry.event === 'begun');
    expect(begun).toHaveLength(2);

    const stat = z
      .object({ printerId: z.string(), state: z.string(), isOnline: z.literal(true) })
      .parse(JSON.parse(readFileSync(`${farm}-stat.json`, 'utf8')));
    // At most one message a second: the last one may still show the end of the print.
    expect(['RUNNING', 'FINISH']).toContain(stat.state);
    expect(readFileSync(`${farm}-v5.txt`, 'utf8')).toMatch(/exit [1-9]/);
    expect(existsSync(join(farm, 'data', 'printfarmd.db'))).toBe(true);
  });
});
