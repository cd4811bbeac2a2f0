import type { Argv } from 'yargs';

/** `--config`, from the environment when not given. */
export function withConfigFile<Options>(yargs: Argv<Options>) {
  return yargs.option('config', {
    type: 'string',
    alias: 'c',
    requiresArg: true,
    defaultDescription: '$PRINTFARMD_CONFIG, else printfarmd.yaml',
    describe: 'Configuration file',
  });
}

/** The configuration file that `--config` or the environment names. */
export function configFile(given: string | undefined, env: NodeJS.ProcessEnv): string {
  return given ?? (env.PRINTFARMD_CONFIG || 'printfarmd.yaml');
}

/** Reads a whole number of an option, within bounds. */
export function wholeNumber(option: string, min: number, max: number): (value: unknown) => number {
  return (value) => {
    const number = typeof value === 'number' ? value : Number.NaN;
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw new Error(`--${option} must be a whole number from ${min} to ${max}`);
  };
}

/** An address and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT` or `[IPv6]:PORT` of an option. */
export function endpoint(option: string): (value: unknown) => Endpoint | undefined {
  return (value) => {
    if (value === undefined) return undefined;
    const match =
      typeof value === 'string' ? /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(value) : null;
    const port = Number(match?.[3]);
    const host = match?.[1] ?? match?.[2];
    if (host !== undefined && port <= 65_535) return { host, port };
    throw new Error(`--${option} must be HOST:PORT, such as 127.0.0.1:3001 or [::1]:3001`);
  };
}

/** `HOST:PORT` as it stands in an address. */
export function endpointText({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
