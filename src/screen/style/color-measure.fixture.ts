import type { ShadeRamp } from './palette.ts';
import { type Color, hexOf, type Style } from './style.ts';

type Channels = readonly [number, number, number];
type Matrix = readonly [Channels, Channels, Channels];

const CUBE_LEVELS = [0, 95, 135, 175, 215, 255];

/**
 * How colours look to people without one kind of cone: Machado, Oliveira and Fernandes 2009, "A Physiologically-based
 * Model for Simulation of Color Vision Deficiency", severity 1.0, on linear RGB.
 */
export const COLOUR_VISIONS: Readonly<Record<'protanopia' | 'deuteranopia', Matrix>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

/** From 1 to 21 (WCAG 2.2, contrast ratio). */
export function contrast(one: Color, other: Color): number {
  const a = luminance(linear(one));
  const b = luminance(linear(other));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** How far two colours are apart (CIE 1976, D65), as they are or as somebody sees them; 2 is just noticeable. */
export function apart(one: Color, other: Color, vision?: Matrix): number {
  const a = lab(seen(linear(one), vision));
  const b = lab(seen(linear(other), vision));
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** 0xrrggbb of what xterm shows for an index of the 256-colour palette from 16 on. */
export function palette256(index: number): number {
  if (index >= 232) return (8 + (index - 232) * 10) * 0x010101;
  const cube = index - 16;
  const level = (step: number) => CUBE_LEVELS[step]!;
  return (level(Math.floor(cube / 36)) << 16) | (level(Math.floor(cube / 6) % 6) << 8) | level(cube % 6);
}

function linear(color: Color): Channels {
  const channel = (shift: number): number => {
    const value = ((hexOf(color) >>> shift) & 255) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(16), channel(8), channel(0)];
}

function luminance([red, green, blue]: Channels): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function seen(color: Channels, vision: Matrix | undefined): Channels {
  if (vision === undefined) return color;
  const row = (by: Channels): number => by[0] * color[0] + by[1] * color[1] + by[2] * color[2];
  return [clamp(row(vision[0])), clamp(row(vision[1])), clamp(row(vision[2]))];
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

function lab(color: Channels): Channels {
  const [red, green, blue] = color;
  const x = labCurve((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = labCurve(luminance(color));
  const z = labCurve((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function labCurve(value: number): number {
  return value > 216 / 24_389 ? Math.cbrt(value) : (value * 24_389) / 27 / 116 + 16 / 116;
}

/** All styles of a ramp, faint to strong. */
export function rampSteps(ramp: ShadeRamp): readonly Style[] {
  return Array.from({ length: ramp.length }, (_, step) => ramp.at(step));
}
