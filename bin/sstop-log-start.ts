import { shownUrl } from '../src/kit/text/sanitize.ts';
import type { LogFields } from './sstop-log-line.ts';
import type { Settings } from './sstop-settings.ts';
import { VERSION } from './version.ts';

/** The first line of a run: which program, for whom, and what it was asked for; undefined where that is the default. */
export function startFields(settings: Settings): LogFields {
  const { intervalMillis, durationMillis, filter, interfaceName } = settings;
  return {
    version: VERSION,
    pid: process.pid,
    uid: process.getuid?.(),
    output: settings.output,
    once: settings.once || undefined,
    interval: `${intervalMillis}ms`,
    duration: durationMillis === undefined ? undefined : `${durationMillis}ms`,
    backend: settings.backend,
    interface: interfaceName,
    filter: filter === '' ? undefined : filter,
    sort: settings.sort,
    loopback: settings.loopback,
    dns: settings.dns,
    alert: settings.alertBytesPerSecond,
    record: settings.recordPath,
    playback: settings.playbackPath,
    agent: settings.agent?.profile ?? (settings.agent?.url && shownUrl(settings.agent.url)),
  };
}
