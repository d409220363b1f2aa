import type { Signaller, SignalOutcome } from '../../data/sample/platform.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { PlaybackCommand, TravelCommand } from '../../views/screen-update.ts';
import type { EventLog } from '../shared/event-log.ts';
import { carryOutOnTerminal, type Terminal } from '../shared/screen-session.ts';
import { exportView } from './export-view.ts';
import type { Effect, Message, Model } from './sstop-model.ts';

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
    case 'signal': {
      const { pid, startTicks, signal } = effect;
      const told = (outcome: SignalOutcome): void => {
        log.event('info', 'signal-sent', { pid, signal, outcome });
        tell({ kind: 'signalled', outcome });
      };
      const sent = signaller?.send(pid, startTicks, signal) ?? 'not-permitted';
      if (typeof sent === 'string') told(sent);
      else void sent.then(told);
      break;
    }
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
