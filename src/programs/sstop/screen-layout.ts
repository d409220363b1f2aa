import { type Rect, rect } from '../../screen/layout/rect.ts';

export const SCREEN_MIN_WIDTH = 40;
export const SCREEN_MIN_HEIGHT = 10;

/** Below these heights a line is given to the rows instead. */
const SPARKLINE_FROM_HEIGHT = 14;
const RULES_FROM_HEIGHT = 18;

/** Where everything stands; areas without cells are not drawn. */
export interface ScreenLayout {
  readonly screen: Rect;
  readonly isTooSmall: boolean;
  readonly header: Rect;
  readonly sparkline: Rect;
  readonly topRule: Rect;
  /** Header line and rows, without the scrollbar. */
  readonly table: Rect;
  /** Beside the rows. */
  readonly scrollbar: Rect;
  readonly bottomRule: Rect;
  readonly footer: Rect;
}

/** The places on a screen of this size, from 0x0 up. */
export function layoutScreen(width: number, height: number): ScreenLayout {
  const hasSparkline = height >= SPARKLINE_FROM_HEIGHT;
  const hasRules = height >= RULES_FROM_HEIGHT;
  const line = (y: number, isThere: boolean) => rect(0, y, width, isThere ? 1 : 0);
  const header = line(0, height > 0);
  const sparkline = line(1, hasSparkline);
  const topRule = line(1 + sparkline.height, hasRules);
  const footer = line(height - 1, height > 1);
  const bottomRule = line(height - 1 - footer.height, hasRules);
  const top = header.height + sparkline.height + topRule.height;
  const tableHeight = height - top - bottomRule.height - footer.height;
  return {
    screen: rect(0, 0, width, height),
    isTooSmall: width < SCREEN_MIN_WIDTH || height < SCREEN_MIN_HEIGHT,
    header,
    sparkline,
    topRule,
    table: rect(0, top, width - 1, tableHeight),
    scrollbar: rect(width - 1, top + 1, width > 0 ? 1 : 0, tableHeight - 1),
    bottomRule,
    footer,
  };
}
