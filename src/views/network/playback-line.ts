import { dateTimeText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putBar } from '../../screen/widgets/meter.ts';
import { renderSegments, segment } from '../segments.ts';

interface PlaybackLine {
  readonly fileName: string;
  readonly positionMillis: number;
  /** NaN: not known yet. */
  readonly durationMillis: number;
  readonly isDurationExact: boolean;
  readonly speed: number;
  readonly isPaused: boolean;
  readonly isAtEnd: boolean;
  readonly isSeeking: boolean;
  /** Wall time in a history; shown instead of the position. */
  readonly wallMillis?: number | undefined;
  readonly theme: Theme;
}

const BAR_WIDTH = 30;

/** `3:07`, `1:02:03`. */
function clockSpan(millis: number): string {
  if (Number.isNaN(millis)) return '-';
  const seconds = Math.floor(millis / 1000);
  const pair = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pair(minutes)}:${pair(seconds % 60)}` : `${minutes}:${pair(seconds % 60)}`;
}

/** `1x`, `1/4x`. */
function speedText(speed: number): string {
  return speed >= 1 ? `${speed}x` : `1/${Math.round(1 / speed)}x`;
}

/** Draws the playback line: progress, time, speed, state, file. */
export function renderPlaybackLine(area: Rect, buffer: Buffer, line: PlaybackLine): void {
  if (area.height < 1) return;
  const { theme } = line;
  const width = Math.max(0, Math.min(BAR_WIDTH, area.width >> 1));
  const { positionMillis, durationMillis } = line;
  putBar(buffer, area.x + 1, area.y, width, positionMillis, durationMillis, [theme.accent]);
  const state = line.isSeeking ? 'seeking' : line.isAtEnd ? 'end' : line.isPaused ? 'paused' : '';
  const about = line.isDurationExact ? '' : '~';
  const position = `${clockSpan(positionMillis)} / ${about}${clockSpan(durationMillis)}`;
  const { wallMillis = Number.NaN } = line;
  const time = Number.isNaN(wallMillis) ? position : dateTimeText(wallMillis);
  renderSegments({ ...area, x: area.x + 1 + width, width: area.width - 1 - width }, buffer, [
    segment(time, theme.text, 100),
    segment(speedText(line.speed), theme.accent, 90),
    segment(state, theme.warning, 95),
    segment(line.fileName, theme.dim, 50),
  ]);
}
