import { isWild } from './filters.js';
import { Frame } from './frame.js';
import type { RealtimeLog } from './log.js';
import type { BrokerMeter } from './meter.js';
import { Pace } from './pace.js';
import type { Session } from './session.js';

export interface PublishOptions {
  readonly retain: boolean;
  readonly qos: 0 | 1;
}

/** What stands on a topic for whoever asks later. */
interface State {
  readonly qos: 0 | 1;
  /** As bytes, or how to put it into words: that is left until somebody asks. */
  said: Frame | (() => string);
}

/**
 * Brings messages to those who asked for them and may see them: once to each, put into bytes once for all. Messages of
 * one topic and QoS arrive in the order in which they were published.
 */
export class Delivery {
  private readonly states = new Map<string, State>();
  private readonly pace: Pace;
  /** Clients that the last state went to. */
  private followers = 0;

  constructor(
    private readonly sessions: () => Iterable<Session>,
    private readonly meter: BrokerMeter,
    private readonly log: RealtimeLog,
  ) {
    this.pace = new Pace({
      tell: (topics) => {
        for (const topic of topics)
          this.followers = this.send(topic, 0, () => this.stateOf(topic)?.frame ?? null);
      },
      clients: () => this.followers,
      now: () => performance.now(),
    });
  }

  /** States that wait to be told are left; they stand on their topics. */
  stop(): void {
    this.pace.stop();
  }

  /** Keeps a state, the newest only, and tells it to those who follow its topic. */
  publishState(topic: string, text: () => string): void {
    this.states.set(topic, { qos: 0, said: text });
    this.pace.changed(topic);
  }

  publish(topic: string, payload: string | Buffer, { retain, qos }: PublishOptions): void {
    const frame = new Frame(topic, payload);
    if (retain && frame.isEmpty) this.states.delete(topic);
    else if (retain) this.states.set(topic, { qos, said: frame });
    this.send(topic, qos, () => frame);
  }

  /** Tells a client the states that stand on what it has just subscribed to. */
  tellStates(session: Session, filters: readonly string[]): void {
    // A client may name every printer of a farm by itself: that is looked up, not compared with every state.
    const exact = filters.filter((filter) => !isWild(filter) && this.states.has(filter));
    const wild = filters.filter(isWild);
    const asked = wild.length === 0 ? [] : [...this.states.keys()].filter(session.matcher(wild));
    session.outgoing.tellStates([...exact, ...asked]);
  }

  /** The state that a client is to be told, null when it is gone or no longer the client's to see. */
  stateFor(session: Session, topic: string): { frame: Frame; qos: 0 | 1 } | null {
    const asked = session.qosOf(topic);
    const state = asked === null ? null : this.stateOf(topic);
    if (state === null) return null;
    this.meter.sent(1);
    return { frame: state.frame, qos: asked === 0 ? 0 : state.qos };
  }

  /** @returns how many clients it goes to */
  private send(topic: string, qos: 0 | 1, frameOf: () => Frame | null): number {
    const levels = topic.split('/');
    let frame: Frame | null = null;
    let clients = 0;
    for (const session of this.sessions()) {
      const asked = session.qosOf(topic, levels);
      if (asked === null) continue;
      frame ??= frameOf();
      if (frame === null) return clients;
      session.outgoing.send(frame, asked === 0 ? 0 : qos);
      clients++;
    }
    this.meter.published();
    this.meter.sent(clients);
    return clients;
  }

  private stateOf(topic: string): { frame: Frame; qos: 0 | 1 } | null {
    const state = this.states.get(topic);
    if (state === undefined) return null;
    try {
      if (typeof state.said === 'function') state.said = new Frame(topic, state.said());
      return { frame: state.said, qos: state.qos };
    } catch (error) {
      this.states.delete(topic);
      this.log.error({ err: error, topic }, 'could not publish a state');
      return null;
    }
  }
}
