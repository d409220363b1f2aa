import { RecordingSource } from '../../data/recording/recording-source.ts';
import { RecordingWriter, type SectionWriter } from '../../data/recording/recording-writer.ts';
import type { Signaller } from '../../data/sample/platform.ts';
import type { RemoteLink, Source } from '../../data/source/source.ts';
import { complain } from '../shared/messages.ts';
import type { TimeTravel } from '../shared/past.ts';
import { endRecording } from '../shared/recordings.ts';

/** One machine that is shown. */
export interface SocktopHost {
  /** What the user calls it: the profile's name, else the host of the URL, else the machine's own name. */
  readonly name: string;
  readonly source: Source;
  /** The way to it; undefined for this machine and for recordings. */
  readonly link: RemoteLink | undefined;
  /** The same source, where it can be sent back in time. */
  readonly travel?: TimeTravel;
  /** Undefined: its processes are not this program's to signal. */
  readonly signaller: Signaller | undefined;
  /** Names of its users by number; undefined: it sends them itself. */
  readonly userName?: (uid: number) => string;
}

/** A machine that is recorded while it is shown. */
export class RecordedHost {
  readonly host: SocktopHost;
  readonly #writer: RecordingWriter;
  readonly #hasScreen: boolean;

  private constructor(host: SocktopHost, writer: RecordingWriter, hasScreen: boolean) {
    this.#hasScreen = hasScreen;
    this.#writer = writer;
    this.host = { ...host, source: new RecordingSource(host.source, writer) };
  }

  /**
   * Rejects with an OpError whose message names the file, also if it exists. A failing recording is reported at once,
   * or after the screen if there is one.
   */
  static async open(
    path: string,
    host: SocktopHost,
    sections: SectionWriter,
    hasScreen: boolean,
  ): Promise<RecordedHost> {
    const writer = await RecordingWriter.open(path, {
      ...(hasScreen ? {} : { failed: (error) => complain('socktop', error.message) }),
      sections,
      hostName: () => undefined,
      serviceName: () => undefined,
      country: () => undefined,
    });
    return new RecordedHost(host, writer, hasScreen);
  }

  /** Finishes the recording and prints what is missing; resolves to whether it is complete. */
  async close(): Promise<boolean> {
    const isWhole = await endRecording('socktop', this.#writer);
    const { error } = this.#writer.status;
    if (this.#hasScreen && error !== undefined) complain('socktop', error.message);
    return isWhole;
  }
}
