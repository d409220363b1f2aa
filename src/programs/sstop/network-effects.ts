import { join } from 'node:path';
import type { CsvView } from '../../data/export/network-csv.ts';
import type { Signaller } from '../../data/sample/platform.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { writeNew } from '../../kit/files/user-file.ts';
import { dateTimeText, type RateUnits } from '../../kit/text/format.ts';
import type { PlaybackCommand, TravelCommand } from '../../views/screen-update.ts';
import type { EventLog } from '../shared/event-log.ts';
import { carryOutOnTerminal, sendSignal, type Terminal } from '../shared/screen-session.ts';
import { type Effect, listOf, type Message, type Model, stateOf } from './sstop-model.ts';

// Loaded for the first export.
const csv = () =>
  require('../../data/export/network-csv.ts') as typeof import('../../data/export/network-csv.ts');

/** How long a row that crossed the alert threshold is highlighted before only a sign remains. */
const FLASH_MILLIS = 1500;

/** Environment of the network views of one machine. */
interface NetworkOutside {
  readonly names: { setDns(isOn: boolean): void };
  readonly signaller: Signaller | undefined;
  readonly model: Model | undefined;
  readonly log: EventLog;
  tell(message: Message): void;
  controlPlayback(command: PlaybackCommand): void;
  travel(command: TravelCommand): void;
  /** Remembers the units for the next start. */
  rememberUnits(units: RateUnits): void;
  /** The model's interval has changed. */
  setInterval(): void;
}

/** Carries out the effects of the network views. */
export function carryOutNetwork(effect: Effect, terminal: Terminal, outside: NetworkOutside): void {
  const { names, signaller, model, log, tell, controlPlayback, travel, rememberUnits, setInterval } = outside;
  switch (effect.kind) {
    case 'set-interval':
      setInterval();
      break;
    case 'set-dns':
      names.setDns(effect.isOn);
      break;
    case 'signal':
      sendSignal(signaller, effect, (outcome) => {
        log.event('info', 'signal-sent', { pid: effect.pid, signal: effect.signal, outcome });
        tell({ kind: 'signalled', outcome });
      });
      break;
    case 'remember-units':
      rememberUnits(effect.units);
      break;
    case 'playback':
      controlPlayback(effect.command);
      break;
    case 'travel':
      travel(effect.command);
      break;
    case 'export': {
      if (model === undefined) break;
      const { text, isBad, path } = exportView(model);
      if (path !== undefined) log.event('info', 'exported', { file: path });
      tell({ kind: 'noticed', text, isBad });
      break;
    }
    case 'alarm':
      terminal.bell();
      setTimeout(() => tell({ kind: 'settled', round: effect.round }), FLASH_MILLIS).unref();
      break;
    case 'set-mouse':
    case 'redraw':
    case 'suspend':
      carryOutOnTerminal(effect, terminal);
      break;
  }
}

/** The current view's rows as CSV, in screen order; undefined while its tables are being written. */
function exportText(model: Model): string | undefined {
  const { shown, names } = model;
  if (shown === undefined || !shown.isStable) return undefined;
  const { country, hostName, serviceName } = names;
  const snapshot = { ...shown, scope: model.scope, country, hostName, serviceName };
  return csv().viewToCsv(viewOf(model), snapshot, listOf(model).order(stateOf(model).sort));
}

/** Result of exporting the current view to the working directory: one line, and `path` on success. */
interface Exported {
  readonly text: string;
  readonly isBad: boolean;
  readonly path?: string;
}

/** Writes the current view to a file of its own. */
function exportView(model: Model): Exported {
  try {
    const text = exportText(model);
    if (text === undefined) return { text: 'There is no sample to export yet.', isBad: true };
    const path = exportFile(process.cwd(), text, new Date());
    return { text: `Wrote ${path}`, isBad: false, path };
  } catch (thrown) {
    return { text: toOpError('export', thrown).message, isBad: true };
  }
}

function viewOf(model: Model): CsvView {
  const { processes, grouped, hosts, listen, groups, trouble, connections } = model.workspace;
  switch (model.view) {
    case 'processes':
      return { kind: 'processes', rows: processes.rows };
    case 'hosts':
      return { kind: 'hosts', rows: hosts.rows };
    case 'listen':
      return { kind: 'listen', rows: listen.rows };
    case 'grouped':
      return { kind: 'groups', rows: grouped.rows };
    case 'groups':
      return { kind: 'groups', rows: groups.rows };
    case 'trouble':
      return { kind: 'trouble', rows: trouble.rows };
    case 'detail':
      return { kind: 'connections', rows: connections.rows, owner: model.detail?.slot ?? -1 };
  }
}

/** Readable for all, subject to the umask. */
const MODE = 0o644;
/** Maximum number of files per second; a held key creates dozens. */
const ATTEMPTS_LIMIT = 99;

/**
 * Writes an export to a new file `sstop-YYYYMMDD-HHMMSS.csv` (local time of `now`) in `directory` and returns its path.
 * Never touches an existing file or link; further ones in the same second end in `-2`, `-3`. Throws OpError with the
 * system's code (`EACCES`, `EROFS`, `ENOSPC`); an incomplete file is removed.
 */
export function exportFile(directory: string, text: string, now: Date): string {
  // `20240102-030407`.
  const stamp = dateTimeText(now.getTime()).replaceAll(/[-:]/g, '').replace(' ', '-');
  const name = `sstop-${stamp}`;
  for (let attempt = 1; attempt <= ATTEMPTS_LIMIT; attempt++) {
    const path = join(directory, `${name}${attempt === 1 ? '' : `-${attempt}`}.csv`);
    try {
      writeNew(path, text, MODE);
      return path;
    } catch (thrown) {
      const error = toOpError(`write ${path}`, thrown);
      if (error.code !== 'EEXIST') throw error;
    }
  }
  throw new OpError({ op: `create ${join(directory, `${name}.csv`)}`, code: 'EEXIST' });
}
