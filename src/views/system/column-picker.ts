import { MACHINE_PROCESS_FIELDS } from '../../data/query/machine-process-rows.ts';
import type { RowFields } from '../../data/query/row-fields.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import { contains, type Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { blockInside, popupArea, renderPopup } from '../../screen/widgets/block.ts';
import { offsetFor, renderList } from '../../screen/widgets/list.ts';
import { MACHINE_COLUMN_IDS, MACHINE_COLUMNS } from './machine-process-list.ts';

interface PickedColumn {
  readonly id: string;
  readonly isShown: boolean;
}

/** State of the column picker: columns in order, hidden ones last. */
export interface ColumnPicker {
  readonly columns: readonly PickedColumn[];
  readonly selected: number;
}

const WIDTH = 60;
const HEIGHT_MAX = 16;
const TITLE_WIDTH = 11;
/** Columns that identify the row cannot be hidden. */
const ALWAYS = 'name';
/** Shown by a key of its own. */
const ELSEWHERE = 'network';

export function openColumnPicker(shown: readonly string[]): ColumnPicker {
  const hidden = MACHINE_COLUMN_IDS.filter((id) => !shown.includes(id));
  const all = [...shown, ...hidden].filter((id) => id !== ELSEWHERE);
  return { columns: all.map((id) => ({ id, isShown: shown.includes(id) })), selected: 0 };
}

/** The columns that it shows. */
export function pickedColumns({ columns }: ColumnPicker): readonly string[] {
  return columns.flatMap(({ id, isShown }) => (isShown ? [id] : []));
}

/** Handles a key; the open picker takes all keys. Undefined closes it. */
export function pressKeyInColumns(picker: ColumnPicker, { chord }: KeyEvent): ColumnPicker | undefined {
  switch (chord) {
    case 'escape':
    case 'ctrl+c':
    case 'enter':
    case 'q':
    case 'C':
      return undefined;
    case 'up':
    case 'k':
      return moved(picker, -1);
    case 'down':
    case 'j':
      return moved(picker, 1);
    case 'space':
      return toggled(picker);
    case 'left':
      return shifted(picker, -1);
    case 'right':
      return shifted(picker, 1);
    default:
      return picker;
  }
}

/** Handles the mouse: the wheel moves, a press on a column shows or hides it, outside closes the picker. */
export function pointAtColumns(
  picker: ColumnPicker,
  { action, button, x, y }: MouseEvent,
  screen: Rect,
): ColumnPicker | undefined {
  if (action === 'wheel-up' || action === 'wheel-down') return moved(picker, action === 'wheel-up' ? -1 : 1);
  if (action !== 'press' || button !== 'left') return picker;
  const area = blockInside(popupArea(screen, WIDTH, heightOf(picker)));
  if (!contains(area, x, y)) return undefined;
  const selected = offsetFor(picker.selected, area.height) + y - area.y;
  return selected < picker.columns.length ? toggled({ ...picker, selected }) : picker;
}

function moved(picker: ColumnPicker, step: number): ColumnPicker {
  return { ...picker, selected: within(picker, picker.selected + step) };
}

/** Moves the selected column by one place, with the cursor. */
function shifted(picker: ColumnPicker, step: number): ColumnPicker {
  const { selected } = picker;
  const to = within(picker, selected + step);
  const columns = [...picker.columns];
  [columns[selected], columns[to]] = [columns[to]!, columns[selected]!];
  return { columns, selected: to };
}

function toggled(picker: ColumnPicker): ColumnPicker {
  const columns = picker.columns.map((column, at) =>
    at === picker.selected && column.id !== ALWAYS ? { ...column, isShown: !column.isShown } : column,
  );
  return { ...picker, columns };
}

function within({ columns }: ColumnPicker, place: number): number {
  return Math.max(0, Math.min(place, columns.length - 1));
}

function heightOf({ columns }: ColumnPicker): number {
  return Math.min(HEIGHT_MAX, columns.length);
}

const FIELDS: RowFields<never, never> = MACHINE_PROCESS_FIELDS;
const TITLES: Readonly<Record<string, { readonly title: string } | undefined>> = MACHINE_COLUMNS;

/** Draws the picker in the middle of the screen. */
export function renderColumnPicker(
  screen: Rect,
  buffer: Buffer,
  picker: ColumnPicker,
  { theme }: { readonly theme: Theme },
): void {
  const inside = renderPopup(screen, buffer, {
    title: 'Columns',
    rightTitle: buffer.isAscii ? 'Space shows, left and right move' : 'Space shows, ← → move',
    theme,
    width: WIDTH,
    height: heightOf(picker),
  });
  renderList(inside, buffer, {
    count: picker.columns.length,
    offset: offsetFor(picker.selected, inside.height),
    selected: picker.selected,
    drawItem: (item, x, y, width) => {
      const { id, isShown } = picker.columns[item]!;
      const style = isShown ? theme.text : theme.dim;
      const title = `[${isShown ? 'x' : ' '}] ${TITLES[id]?.title ?? id}`;
      putAligned(buffer, x, y, Math.min(width, TITLE_WIDTH + 4), 'left', title, style);
      const left = width - TITLE_WIDTH - 5;
      if (left > 0) {
        putAligned(buffer, x + TITLE_WIDTH + 5, y, left, 'left', FIELDS[id]?.help ?? '', theme.dim);
      }
    },
    theme,
  });
}
