import { DriverError, type PrinterTarget } from '../driver.js';

/** OpenSSL's words for a chain that leads to no known root. */
const UNKNOWN_ISSUER = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  // An authority of a known name with another key.
  'CERT_SIGNATURE_FAILURE',
]);

const OUT_OF_TIME = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

const CLIENT_CERTIFICATE_WANTED = new Set([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
]);

const CERTIFICATE_FAULT = /CERT|_CA_|SIGNATURE/;

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the printer on and its address right?',
  EHOSTUNREACH: 'no way to that address; is the printer on and in this network?',
  ENETUNREACH: 'no way to that network',
  ETIMEDOUT: 'no answer; is the printer on and its address right?',
  ENOTFOUND: 'no such host name',
  ECONNRESET: 'the printer cut the connection',
  EPIPE: 'the printer cut the connection',
};

/** Turns what a failed or broken connection threw into the driver's words. */
export function describeConnectError(error: unknown, target: PrinterTarget, port: number): DriverError {
  if (error instanceof DriverError) return error;
  const code = errorCode(error);
  if (code === null) {
    const detail = error instanceof Error ? error.message : String(error);
    return new DriverError('unreachable', `No connection to ${target.host}:${port}: ${detail}.`, {
      cause: error,
    });
  }
  const options = { cause: error, code };
  if (UNKNOWN_ISSUER.has(code)) {
    return new DriverError(
      'certificate',
      `The certificate of ${target.serial} was issued by nobody known (${code}). Add its authority, or trust the ` +
        'certificate seen first (trust: tofu).',
      options,
    );
  }
  if (OUT_OF_TIME.has(code)) {
    return new DriverError(
      'certificate',
      `The certificate of ${target.serial} is not valid at this time (${code}): check the clock of this machine.`,
      options,
    );
  }
  if (CLIENT_CERTIFICATE_WANTED.has(code)) {
    return new DriverError(
      'unsupported',
      `The printer at ${target.host}:${port} refuses the handshake; if it asks for a client certificate, enable ` +
        'Developer Mode on it.',
      options,
    );
  }
  if (CERTIFICATE_FAULT.test(code)) {
    return new DriverError(
      'certificate',
      `The certificate of ${target.serial} was refused (${code}).`,
      options,
    );
  }
  const words = PLAIN_WORDS[code] ?? code;
  return new DriverError(
    'unreachable',
    `No connection to ${target.host}:${port}: ${words} (${code}).`,
    options,
  );
}

function errorCode(error: unknown): string | null {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : null;
}
