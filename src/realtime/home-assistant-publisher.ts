import { discoveryText, discoveryTopic, type PrinterFace } from './home-assistant.js';
import type { RealtimeLog } from './log.js';
import type { StatsSink } from './sink.js';
import { statsTopic } from './topics.js';

/** Where the publisher learns what printers there are. Listeners are called at once and give back how to leave. */
export interface FaceSource {
  faces(): Promise<readonly PrinterFace[]>;
  /** Something of the faces may have changed. */
  onChange(listener: () => void): () => void;
  onRemoved(listener: (printerId: string) => void): () => void;
}

/** A broker that Home Assistant may be connected to. */
export interface DiscoveryOutlet {
  readonly sink: StatsSink;
  /** The topic there of one of the store's. */
  topic(storeTopic: string): string;
  readonly statusTopic: string | null;
}

export interface HomeAssistantOptions {
  readonly source: FaceSource;
  readonly outlets: readonly DiscoveryOutlet[];
  readonly storeId: string;
  /** As Home Assistant has it. */
  readonly prefix: string;
  /** Of the daemon. */
  readonly version: string;
  readonly log: RealtimeLog;
}

const RETAINED = { retain: true, qos: 0 } as const;

/**
 * Keeps each printer announced to Home Assistant as a device: retained, so that it is found there whenever Home Assistant
 * starts; anew when something of it changes; taken back when it goes.
 */
export class HomeAssistantPublisher {
  private readonly announced = new Map<string, PrinterFace>();
  private leave: readonly (() => void)[] = [];
  private reading: Promise<void> | null = null;
  private again = false;

  constructor(private readonly options: HomeAssistantOptions) {}

  /** Resolves when all printers are announced. */
  async start(): Promise<void> {
    const { source } = this.options;
    this.leave = [
      source.onChange(() => void this.refresh()),
      source.onRemoved((printerId) => this.takeBack(printerId)),
    ];
    await this.refresh();
  }

  /** What was announced stays. */
  async stop(): Promise<void> {
    for (const leave of this.leave) leave();
    this.leave = [];
    this.again = false;
    await this.reading;
    this.announced.clear();
  }

  private refresh(): Promise<void> {
    this.again = true;
    this.reading ??= this.readAll().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async readAll(): Promise<void> {
    while (this.again) {
      this.again = false;
      try {
        const faces = await this.options.source.faces();
        // What changed meanwhile is read anew: this may show a printer that has gone.
        if (!this.again) this.tell(faces);
      } catch (error) {
        this.options.log.error({ err: error }, 'could not read what Home Assistant is told of printers');
      }
    }
  }

  private tell(faces: readonly PrinterFace[]): void {
    const gone = new Set(this.announced.keys());
    for (const face of faces) {
      gone.delete(face.printerId);
      const before = this.announced.get(face.printerId);
      if (before !== undefined && JSON.stringify(before) === JSON.stringify(face)) continue;
      this.announced.set(face.printerId, face);
      this.announce(face);
    }
    for (const printerId of gone) this.takeBack(printerId);
  }

  private announce(face: PrinterFace): void {
    const { outlets, storeId, version } = this.options;
    for (const { sink, topic, statusTopic } of outlets) {
      const place = { statsTopic: topic(statsTopic(storeId, face.printerId)), statusTopic };
      sink.publish(this.topicOf(face.printerId), discoveryText(face, place, version), RETAINED);
    }
  }

  private takeBack(printerId: string): void {
    if (!this.announced.delete(printerId)) return;
    // A reading that is under way may still show it.
    if (this.reading !== null) this.again = true;
    for (const { sink } of this.options.outlets) sink.publish(this.topicOf(printerId), '', RETAINED);
  }

  private topicOf(printerId: string): string {
    return discoveryTopic(this.options.prefix, this.options.storeId, printerId);
  }
}
