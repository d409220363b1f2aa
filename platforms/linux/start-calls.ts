import { secondsEastOfUtc } from './clock.ts';
import { EffectiveCapabilities } from './effective-capabilities.ts';
import { ignoreUnnamedSignals } from './ignored-signals.ts';
import { terminalControl } from './terminal-control.ts';

/** What every start needs of the system. In one piece, because each that is loaded apart takes 50 µs. */
export const startCalls = { secondsEastOfUtc, EffectiveCapabilities, ignoreUnnamedSignals, terminalControl };
