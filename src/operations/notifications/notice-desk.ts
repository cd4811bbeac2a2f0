import type { ChannelData } from '../../domain/channel-data.js';
import type { NoticeChannel } from '../../resources/notification-setting.js';

/** What came of trying a channel. */
export interface TestResult {
  readonly channel: NoticeChannel;
  readonly delivered: boolean;
  readonly httpStatus: number | null;
  /** Why it was not delivered. */
  readonly error: string | null;
  readonly durationMs: number;
}

/** The notice that a channel is busy with. */
export interface NoticeUnderWay {
  readonly event: string;
  /** Attempts that failed so far. */
  readonly attempts: number;
  /** Epoch milliseconds; null while it is being sent. */
  readonly nextAttemptAt: number | null;
  readonly error: string | null;
}

/** What operations ask of those who send notices. */
export interface NoticeDesk {
  /** Why nothing would ever be sent to the receiver; null when nothing is known against it. */
  refusal(of: ChannelData): string | null;
  /** The data of a channel as the database may hold it. */
  seal(settingId: string, of: ChannelData): string;
  /** Sends a test at once, past what waits. @throws ApiError not_found; invalid_state when there is nothing to send with */
  test(settingId: string, signal: AbortSignal): Promise<TestResult>;
  /** What the channel sends now or sends again later; null while it has nothing to do. */
  underWay(settingId: string): NoticeUnderWay | null;
}
