/** Why an external broker cannot be used, or not any more. */
export type BridgeErrorKind = 'unreachable' | 'certificate' | 'credentials' | 'refused' | 'silent' | 'lost';

/** Its message is for a person: what is wrong, and what would be right. It holds no secret. */
export class BridgeError extends Error {
  constructor(
    readonly kind: BridgeErrorKind,
    message: string,
  ) {
    super(message);
    this.name = 'BridgeError';
  }
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'no way to that address',
  ENETUNREACH: 'no way to that network',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'host names cannot be looked up at present',
  ECONNRESET: 'the broker cut the connection',
  EPIPE: 'the broker cut the connection',
};

/** OpenSSL's words for a certificate that proves nothing. */
const CERTIFICATE_FAULT = /CERT|_CA_|SIGNATURE/;
/** The broker speaks no TLS, or wants it where there is none. */
const NOT_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;

/** A connection that was cut before it was secure; null for every other error. */
export function cutWhileSecuring(error: unknown, place: string): BridgeError | null {
  if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) return null;
  return new BridgeError(
    'unreachable',
    `${place} cut the connection before it was secure: perhaps it does not speak TLS (mqtt or ws in realtime.bridge.url)`,
  );
}

/** What a connection that did not come about, or broke, threw. */
export function describeBridgeError(error: unknown, place: string): BridgeError {
  if (error instanceof BridgeError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  if (code === null) {
    return new BridgeError(
      'unreachable',
      `${place}: ${error instanceof Error ? error.message : 'no connection'}`,
    );
  }
  if (NOT_TLS.test(code)) {
    return new BridgeError(
      'unreachable',
      `${place} does not speak TLS (${code}): mqtt or ws in realtime.bridge.url?`,
    );
  }
  if (/_ALERT_/.test(code)) {
    return new BridgeError(
      'certificate',
      `${place} refuses the handshake (${code}): it may want a certificate (certFile and keyFile of realtime.bridge)`,
    );
  }
  if (CERTIFICATE_FAULT.test(code)) {
    return new BridgeError(
      'certificate',
      `${place} proves itself by a certificate that is not trusted (${code}): name its CA in realtime.bridge.caFile`,
    );
  }
  return new BridgeError('unreachable', `${place}: ${PLAIN_WORDS[code] ?? 'no connection'} (${code})`);
}

/** What the return codes of CONNACK mean (MQTT 3.1.1, table 3.1). */
export function describeRefusal(code: number, place: string): BridgeError {
  switch (code) {
    case 1:
      return new BridgeError('refused', `${place} does not speak MQTT 3.1.1`);
    case 2:
      return new BridgeError('refused', `${place} refuses the client id: see realtime.bridge.clientId`);
    case 3:
      return new BridgeError('unreachable', `${place} is there, but not in service`);
    case 4:
    case 5:
      return new BridgeError(
        'credentials',
        `${place} refuses user or password: see username and password of realtime.bridge`,
      );
    default:
      return new BridgeError('refused', `${place} refuses the connection (reason ${code})`);
  }
}
