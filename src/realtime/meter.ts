/** Why clients were turned away or cut off. */
export type LossReason = 'refused' | 'slow' | 'full' | 'protocol' | 'revoked';

/** Told of what the broker does, for figures. All of it is quick and throws nothing. */
export interface BrokerMeter {
  /** A message for whoever follows its topic. */
  published(): void;
  /** It goes out to so many clients. */
  sent(clients: number): void;
  lost(reason: LossReason): void;
}

export const NO_METER: BrokerMeter = {
  published: () => undefined,
  sent: () => undefined,
  lost: () => undefined,
};
