import { RecordingSource } from '../../data/recording/recording-source.ts';
import { RecordingWriter } from '../../data/recording/recording-writer.ts';
import type { MachineSectionWriter } from '../../data/recording/section-recording.ts';
import type { Signaller } from '../../data/sample/platform.ts';
import type { RemoteLink, Source } from '../../data/source/source.ts';
import { complain } from '../shared/messages.ts';
import type { TimeTravel } from '../shared/past.ts';
import { endRecording } from '../shared/recordings.ts';

/** A machine on screen. */
export interface SocktopHost {
  /** Display name: the profile's name, otherwise the host of the URL, otherwise the machine's own name. */
  readonly name: string;
  readonly source: Source;
  /** Connection; undefined for this machine and for recordings. */
  readonly link: RemoteLink | undefined;
  /** The same source, if it supports time travel. */
  readonly travel?: TimeTravel;
  /** Sends signals; undefined: not possible for its processes. */
  readonly signaller: Signaller | undefined;
  /** User names by ID; undefined: the machine sends them. */
  readonly userName?: (uid: number) => string;
}

/** A machine that is recorded while shown. */
export class RecordedHost {
  readonly host: SocktopHost;
  readonly #writer: RecordingWriter;
  readonly #hasScreen: boolean;

  private constructor(host: SocktopHost, writer: RecordingWriter, hasScreen: boolean) {
    this.#hasScreen = hasScreen;
    this.#writer = writer;
    this.host = { ...host, source: new RecordingSource(host.source, writer) };
  }

  /** OpError with a message that names the file. A failing recording is told at once, or after the screen. */
  static async open(
    path: string,
    host: SocktopHost,
    sections: MachineSectionWriter,
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
