import type { Scope } from '../../data/query/scope.ts';
import type { Sort, SortKey } from '../../data/query/sort.ts';
import type { KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import type { Theme } from '../../screen/style/theme.ts';
import type { TextInput } from '../../screen/widgets/text-input.ts';
import { TOP, type Viewport } from '../../screen/widgets/viewport.ts';
import type { NetworkData } from '../views/network/network-data.ts';
import { ProcessListing } from '../views/network/process-listing.ts';
import type { Action } from './keymap.ts';

/** An owner's row, whichever rank it has now. */
export interface Selection {
  readonly owner: number;
  readonly serial: number;
}

/** Everything that sstop's screen depends on. */
export interface Model {
  readonly width: number;
  readonly height: number;
  /** The newest sample. */
  readonly live: NetworkData | undefined;
  /** What is on screen: the newest sample, or a copy of the one at which the screen was paused. */
  readonly shown: NetworkData | undefined;
  readonly pausedAtMillis: number | undefined;
  /** The rows of `shown`; rebuilt in place, so it belongs to this model alone. */
  readonly listing: ProcessListing;
  readonly scope: Scope;
  /** Asked for on the command line; chosen once the interface is there. */
  readonly wantedInterface: string | undefined;
  readonly sort: Sort;
  readonly filter: string;
  /** The filter's prompt while it is open, and what the filter was before. */
  readonly prompt: { readonly input: TextInput; readonly before: string } | undefined;
  readonly selection: Selection | undefined;
  readonly viewport: Viewport;
  /** First line of the help shown; undefined: it is closed. */
  readonly helpOffset: number | undefined;
  /** The cell of the scrollbar's thumb that the pointer holds. */
  readonly grab: number | undefined;
  readonly intervalMillis: number;
  readonly isMouseOn: boolean;
  readonly ascii: boolean;
  readonly theme: Theme;
  /** The last sample failed, and why. */
  readonly failure: string | undefined;
}

/** All that can happen to it. */
export type Message =
  | { readonly kind: 'resized'; readonly width: number; readonly height: number }
  | { readonly kind: 'sampled'; readonly data: NetworkData }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'typed'; readonly key: KeyEvent }
  | { readonly kind: 'pasted'; readonly text: string }
  | { readonly kind: 'pointer'; readonly event: MouseEvent };

/** What the outside is asked to do. */
export type Effect =
  | { readonly kind: 'set-interval'; readonly intervalMillis: number }
  | { readonly kind: 'set-mouse'; readonly isOn: boolean }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'suspend' };

/** What a message leads to; the loop carries out the effects once the model is the new one. */
export interface Step {
  readonly model: Model;
  readonly effects?: readonly Effect[];
  readonly quit?: boolean;
}

/** How the screen starts, from the command line and the terminal. */
export interface StartOptions {
  readonly sort: SortKey;
  readonly filter: string;
  readonly loopback: boolean;
  readonly interfaceName: string | undefined;
  readonly intervalMillis: number;
  readonly mouse: boolean;
  readonly ascii: boolean;
  readonly theme: Theme;
}

export function initialModel(options: StartOptions): Model {
  return {
    width: 0,
    height: 0,
    live: undefined,
    shown: undefined,
    pausedAtMillis: undefined,
    listing: new ProcessListing(),
    scope: { interfaceIndex: undefined, includeLoopback: options.loopback },
    wantedInterface: options.interfaceName,
    sort: { key: options.sort, isReversed: false },
    filter: options.filter,
    prompt: undefined,
    selection: undefined,
    viewport: TOP,
    helpOffset: undefined,
    grab: undefined,
    intervalMillis: options.intervalMillis,
    isMouseOn: options.mouse,
    ascii: options.ascii,
    theme: options.theme,
    failure: undefined,
  };
}
