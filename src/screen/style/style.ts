import { type Color, DEFAULT_COLOR, INHERIT_COLOR } from './color.ts';

/** How a glyph is drawn beside its colours; bits that may be joined by `|`. */
export const Attribute = {
  BOLD: 1,
  DIM: 2,
  ITALIC: 4,
  UNDERLINE: 8,
  REVERSE: 16,
  STRIKE: 32,
} as const;

/** All attribute bits. */
export const ATTRIBUTE_MASK = 63;

/** Colours and attributes of text. An inherited colour leaves the cell's own. */
export interface Style {
  readonly foreground: Color;
  readonly background: Color;
  /** Bits of `Attribute`. */
  readonly attributes: number;
}

/** A frozen style. Without a background the text is drawn on whatever is there. Make styles once, not per frame. */
export function style(foreground: Color, background: Color = INHERIT_COLOR, attributes = 0): Style {
  return Object.freeze({ foreground, background, attributes: attributes & ATTRIBUTE_MASK });
}

/** The terminal's own colours, nothing else. */
export const PLAIN_STYLE: Style = style(DEFAULT_COLOR, DEFAULT_COLOR);
