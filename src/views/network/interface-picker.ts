import { interfaceNamed } from '../../data/query/scope.ts';
import type { InterfaceTable } from '../../data/sample/interface-table.ts';
import { compactRateText, type RateUnits } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import { contains, type Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { blockInside, popupArea, renderPopup } from '../../screen/widgets/block.ts';
import { offsetFor, renderList } from '../../screen/widgets/list.ts';
import type { NetworkData } from './network-list.ts';

/** State of the interface picker. Typed text narrows the names; `selected` is an index into the remaining ones. */
export interface InterfacePicker {
  readonly typed: string;
  readonly selected: number;
}

/** Result of an input: `picker` undefined closes it; `chosen` holds an ifindex, or undefined for all interfaces. */
export interface PickerStep {
  readonly picker: InterfacePicker | undefined;
  readonly chosen?: { readonly interfaceIndex: number | undefined };
}

interface PickerView {
  readonly picker: InterfacePicker;
  readonly data: NetworkData;
  readonly units: RateUnits;
  readonly theme: Theme;
}

const ALL = 'all';
const WIDTH = 40;
const HEIGHT_MAX = 14;
const RATE_WIDTH = 9;

/** Opens the picker on the interface that is shown now. */
export function openPicker(interfaces: InterfaceTable, current: number | undefined): InterfacePicker {
  const names = namesOf(interfaces, '');
  const at = names.findIndex((name) => name !== ALL && interfaceNamed(interfaces, name) === current);
  return { typed: '', selected: Math.max(0, at) };
}

/** `all`, then the matching interfaces that are up, by index. */
function namesOf(interfaces: InterfaceTable, typed: string): readonly string[] {
  const slots = Array.from(interfaces.slots.rows.subarray(0, interfaces.slots.count));
  const names = slots
    .filter((slot) => interfaces.isUp[slot] === 1)
    .sort((a, b) => interfaces.index[a]! - interfaces.index[b]!)
    .map((slot) => interfaces.names[slot]!);
  return [ALL, ...names].filter((name) => name.toLowerCase().includes(typed.toLowerCase()));
}

/** Handles a key; an open picker takes all keys. */
export function pressKeyInPicker(
  picker: InterfacePicker,
  key: KeyEvent,
  interfaces: InterfaceTable,
): PickerStep {
  const names = namesOf(interfaces, picker.typed);
  switch (key.chord) {
    case 'escape':
    case 'ctrl+c':
      return { picker: undefined };
    case 'enter':
      return choose(picker, names[picker.selected], interfaces);
    case 'up':
    case 'shift+tab':
      return moved(picker, -1, names.length);
    case 'down':
    case 'tab':
      return moved(picker, 1, names.length);
    case 'backspace':
      return { picker: { typed: picker.typed.slice(0, -1), selected: 0 } };
    default: {
      if (key.text === undefined) return { picker };
      const typed = picker.typed + key.text;
      // A letter that matches nothing is ignored.
      return namesOf(interfaces, typed).length === 0 ? { picker } : { picker: { typed, selected: 0 } };
    }
  }
}

/** Selects the next name; after the last one the first. */
export function nextInPicker(picker: InterfacePicker, interfaces: InterfaceTable): InterfacePicker {
  return { ...picker, selected: (picker.selected + 1) % namesOf(interfaces, picker.typed).length };
}

function moved(picker: InterfacePicker, step: number, count: number): PickerStep {
  return { picker: { ...picker, selected: Math.max(0, Math.min(picker.selected + step, count - 1)) } };
}

function choose(picker: InterfacePicker, name: string | undefined, interfaces: InterfaceTable): PickerStep {
  if (name === undefined) return { picker };
  const interfaceIndex = name === ALL ? undefined : interfaceNamed(interfaces, name);
  return { picker: undefined, chosen: { interfaceIndex } };
}

/** Handles the mouse: the wheel moves, a press on a name chooses it, a press outside closes the picker. */
export function pointAtPicker(
  picker: InterfacePicker,
  event: MouseEvent,
  screen: Rect,
  interfaces: InterfaceTable,
): PickerStep {
  const names = namesOf(interfaces, picker.typed);
  if (event.action === 'wheel-up') return moved(picker, -1, names.length);
  if (event.action === 'wheel-down') return moved(picker, 1, names.length);
  if (event.action !== 'press' || event.button !== 'left') return { picker };
  const area = blockInside(popupArea(screen, WIDTH, heightOf(names.length)));
  if (!contains(area, event.x, event.y)) return { picker: undefined };
  return choose(picker, names[offsetFor(picker.selected, area.height) + event.y - area.y], interfaces);
}

function heightOf(count: number): number {
  return Math.min(HEIGHT_MAX, count);
}

/** Draws the picker in the middle of the screen, with rates beside the names and the typed text in the border. */
export function renderPicker(screen: Rect, buffer: Buffer, view: PickerView): void {
  const { picker, data, units, theme } = view;
  const { interfaces } = data.section;
  const names = namesOf(interfaces, picker.typed);
  const inside = renderPopup(screen, buffer, {
    title: picker.typed === '' ? 'Interface' : `Interface: ${picker.typed}`,
    rightTitle: 'Enter chooses',
    theme,
    width: WIDTH,
    height: heightOf(names.length),
  });
  renderList(inside, buffer, {
    count: names.length,
    offset: offsetFor(picker.selected, inside.height),
    selected: picker.selected,
    drawItem: (item, x, y, width) => {
      const name = names[item]!;
      const { smoothTx, smoothRx } = data.rates.interfaces;
      const slot = interfaces.slots.find(interfaceNamed(interfaces, name) ?? -1, 0, 0, 0);
      // A blank cell keeps the figures away from the border.
      const nameWidth = Math.max(0, width - 2 * RATE_WIDTH - 1);
      putAligned(buffer, x, y, nameWidth, 'left', name, theme.text);
      if (slot < 0 || nameWidth === 0) return;
      const up = `${buffer.isAscii ? 'up' : '▲'} ${compactRateText(smoothTx[slot] ?? Number.NaN, units)}`;
      const down = `${buffer.isAscii ? 'dn' : '▼'} ${compactRateText(smoothRx[slot] ?? Number.NaN, units)}`;
      putAligned(buffer, x + nameWidth, y, RATE_WIDTH, 'right', up, theme.upload);
      putAligned(buffer, x + nameWidth + RATE_WIDTH, y, RATE_WIDTH, 'right', down, theme.download);
    },
    theme,
  });
}
