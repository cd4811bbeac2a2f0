/** How long the parts of a session wait (docs/protocol.md §4), in milliseconds unless a name says otherwise. */
export interface SessionTiming {
  /** For TCP with TLS, and again for the MQTT handshake. */
  readonly connectMs: number;
  readonly keepaliveSeconds: number;
  /** Without any report after connecting, the printer is asked to start reporting. */
  readonly firstReportMs: number;
  /** Without a report for this long a session is stale; a new one that never heard any is given up. */
  readonly staleMs: number;
  /** A stale session is given up after this further time. */
  readonly staleGraceMs: number;
  /** When reports come but none is full, everything is asked for again. */
  readonly firstFullReportMs: number;
  /** And then in this interval. */
  readonly fullReportRetryMs: number;
  /** Without a full report for this long, everything is asked for to be safe. */
  readonly resyncMs: number;
  /** Shortest time between two requests for everything; null takes the model's. */
  readonly refreshFloorMs: number | null;
  /** Back-off between attempts: doubled from the first to the last. */
  readonly backOffFirstMs: number;
  readonly backOffLastMs: number;
  /** Longest back-off while the printer seems to have no room for another client. */
  readonly crowdedBackOffMs: number;
  /** Shortest time to the next attempt after a refused access code or identity. */
  readonly refusedRetryMs: number;
  /** A printer that starts may cut connections for this long. */
  readonly startUpMs: number;
  /** A connection that held this long was a good one: the back-off starts over. */
  readonly settledMs: number;
  readonly acknowledgementMs: number;
  /** For commands about filament, which small machines are slow to answer. */
  readonly filamentAcknowledgementMs: number;
  /** Reports may show the old value for so long after a command was taken. */
  readonly effectHoldMs: number;
  /** For the full report that is asked for when an effect did not show. */
  readonly effectLastLookMs: number;
  readonly startAcknowledgementMs: number;
  /** After a start command, unanswered commands are no reason to reconnect: it could disturb the start. */
  readonly startConfirmationMs: number;
  /** A printer that could not be reached for a file while it printed is left alone for this long. */
  readonly overloadedPauseMs: number;
  /** An AMS that reports itself empty may belong to a printer that is being switched off: believed after this long. */
  readonly emptyAmsMs: number;
  /** For a session to report that is made to examine a printer. */
  readonly examineMs: number;
}

export const SESSION_TIMING: SessionTiming = {
  connectMs: 15_000,
  keepaliveSeconds: 30,
  firstReportMs: 15_000,
  staleMs: 60_000,
  staleGraceMs: 30_000,
  firstFullReportMs: 10_000,
  fullReportRetryMs: 60_000,
  resyncMs: 300_000,
  refreshFloorMs: null,
  backOffFirstMs: 1_000,
  backOffLastMs: 30_000,
  crowdedBackOffMs: 60_000,
  refusedRetryMs: 60_000,
  startUpMs: 90_000,
  settledMs: 10_000,
  acknowledgementMs: 5_000,
  filamentAcknowledgementMs: 10_000,
  effectHoldMs: 3_000,
  effectLastLookMs: 35_000,
  startAcknowledgementMs: 10_000,
  startConfirmationMs: 270_000,
  overloadedPauseMs: 30_000,
  emptyAmsMs: 10_000,
  examineMs: 15_000,
};
