import type { MouseAction, MouseButton, MouseEvent } from './event.ts';

const SHIFT = 4;
const ALT = 8;
const CTRL = 16;
const MOTION = 32;
const WHEEL = 64;
const EXTRA_BUTTONS = 128;
const BUTTONS: readonly MouseButton[] = ['left', 'middle', 'right', 'none'];

/** What a mouse report says, and the screen its coordinates are clamped to. */
interface MouseReport {
  /** xterm's button word: 2 bits of button, then shift, alt, ctrl, motion, wheel, extra buttons. */
  readonly code: number;
  /** Cells from 1, as the terminal counts them. */
  readonly column: number;
  readonly row: number;
  readonly isRelease: boolean;
  readonly width: number;
  readonly height: number;
}

/** The event of an xterm mouse report (ctlseqs, "Mouse Tracking"); undefined for buttons that nothing uses. */
export function mouseEvent(report: MouseReport): MouseEvent | undefined {
  const { code } = report;
  if (code >= EXTRA_BUTTONS) return undefined;
  const action = actionOf(code, report.isRelease);
  if (action === undefined) return undefined;
  return {
    kind: 'mouse',
    action,
    button: (code & WHEEL) !== 0 ? 'none' : BUTTONS[code & 3]!,
    x: clamp(report.column - 1, report.width),
    y: clamp(report.row - 1, report.height),
    ctrl: (code & CTRL) !== 0,
    alt: (code & ALT) !== 0,
    shift: (code & SHIFT) !== 0,
  };
}

function actionOf(code: number, isRelease: boolean): MouseAction | undefined {
  if ((code & WHEEL) !== 0) {
    if ((code & 2) !== 0 || isRelease) return undefined;
    return (code & 1) !== 0 ? 'wheel-down' : 'wheel-up';
  }
  if (isRelease) return 'release';
  if ((code & MOTION) !== 0) return (code & 3) === 3 ? 'move' : 'drag';
  return (code & 3) === 3 ? 'release' : 'press';
}

function clamp(value: number, size: number): number {
  return Math.max(0, Math.min(value, size - 1));
}
