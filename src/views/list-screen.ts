import type { MouseEvent } from '../screen/input/event.ts';
import { contains, type Rect } from '../screen/layout/rect.ts';
import { tableRowsIn } from '../screen/widgets/table.ts';
import {
  followRow,
  hitScrollbar,
  moveSelection,
  offsetForDrag,
  pageSelection,
  type ScrollPosition,
  scrollBy,
  scrollTo,
  selectRow,
  type Viewport,
} from '../screen/widgets/viewport.ts';
import type { ListHit, ListSort } from './network/network-list.ts';

/** Lines that one notch of the wheel scrolls. */
export const WHEEL_LINES = 3;

/** Movement keys of every list. */
type Movement = 'down' | 'up' | 'page-down' | 'page-up' | 'top' | 'bottom';

const MOVEMENTS: ReadonlySet<string> = new Set([
  ...(['down', 'up', 'page-down', 'page-up', 'top', 'bottom'] as const),
]);

/** Whether an action moves in a list. */
export function isMovement(action: string): action is Movement {
  return MOVEMENTS.has(action);
}

/** Returns a list's viewport after a movement. */
export function moveViewport(
  viewport: Viewport,
  movement: Movement,
  count: number,
  height: number,
): Viewport {
  switch (movement) {
    case 'down':
      return moveSelection(viewport, 1, count, height);
    case 'up':
      return moveSelection(viewport, -1, count, height);
    case 'page-down':
      return pageSelection(viewport, 1, count, height);
    case 'page-up':
      return pageSelection(viewport, -1, count, height);
    case 'top':
      return selectRow(viewport, 0, count, height);
    case 'bottom':
      return selectRow(viewport, count - 1, count, height);
  }
}

/** Returns the first visible line of scrolled text after a movement; a page is `height` lines. */
export function moveOffset(offset: number, movement: Movement, last: number, height: number): number {
  const page = Math.max(1, height);
  const wanted = {
    ...{ down: offset + 1, up: offset - 1, 'page-down': offset + page, 'page-up': offset - page },
    ...{ top: 0, bottom: last },
  }[movement];
  return Math.max(0, Math.min(wanted, last));
}

/** Position in a list: sort order, selected row, and visible rows. */
export interface ListPlace<Identity> {
  readonly sort: ListSort;
  readonly selection: Identity | undefined;
  readonly viewport: Viewport;
}

/** Access to the list on screen in a program's model. */
interface ListModel<Model, Identity> {
  placeOf(model: Model): ListPlace<Identity>;
  withPlace(model: Model, change: Partial<ListPlace<Identity>>): Model;
  count(model: Model): number;
  /** Sort keys in the order of the sort key `s`. */
  sortKeys(model: Model): readonly string[];
  /** The row at a rank; undefined past the end. */
  identityAt(model: Model, rank: number): Identity | undefined;
  /** Rank of a row; -1 if it is not listed. */
  rankOf(model: Model, identity: Identity): number;
  areasOf(model: Model): { readonly table: Rect; readonly scrollbar: Rect };
  hit(model: Model, table: Rect, x: number, y: number): ListHit | undefined;
  /** Whether the cursor stays on its row even if the wheel scrolls it off the screen. */
  keepsCursor(model: Model): boolean;
}

/** Keys and mouse of a list, shared by both programs. */
export class ListScreen<Model extends { readonly grab: number | undefined }, Identity> {
  readonly #of: ListModel<Model, Identity>;

  constructor(of: ListModel<Model, Identity>) {
    this.#of = of;
  }

  sortKeys(model: Model): readonly string[] {
    return this.#of.sortKeys(model);
  }

  /** How many rows are on screen. */
  visibleRows(model: Model): number {
    return tableRowsIn(this.#of.areasOf(model).table);
  }

  /**
   * Returns the model after rows or their order changed. The cursor follows its row; if that row is gone, it stays at
   * the same rank. If the list is empty, the cursor returns when its row does.
   */
  reorder(model: Model): Model {
    const { selection, viewport } = this.#of.placeOf(model);
    const count = this.#of.count(model);
    const height = this.visibleRows(model);
    const rank = selection === undefined ? -1 : this.#of.rankOf(model, selection);
    if (rank < 0 && viewport.selected >= 0 && count > 0) {
      const place = Math.min(viewport.selected, count - 1);
      return this.selectAt(model, followRow(viewport, place, count, height));
    }
    const followed = followRow(viewport, rank, count, height);
    return followed === viewport ? model : this.#of.withPlace(model, { viewport: followed });
  }

  /** Returns the model with the cursor of `viewport`, and remembers the selected row. */
  selectAt(model: Model, viewport: Viewport): Model {
    const selection = this.#of.identityAt(model, viewport.selected);
    const settled = selection === undefined ? { ...viewport, selected: -1 } : viewport;
    return this.#of.withPlace(model, { viewport: settled, selection });
  }

  /** Returns the model with another sort order. */
  sortBy(model: Model, key: string, isReversed = false): Model {
    return this.reorder(this.#of.withPlace(model, { sort: { key, isReversed } }));
  }

  sortByNext(model: Model): Model {
    const keys = this.sortKeys(model);
    return this.sortBy(model, keys[(keys.indexOf(this.#of.placeOf(model).sort.key) + 1) % keys.length]!);
  }

  reverse(model: Model): Model {
    const { key, isReversed } = this.#of.placeOf(model).sort;
    return this.sortBy(model, key, !isReversed);
  }

  move(model: Model, movement: Movement): Model {
    const { viewport } = this.#of.placeOf(model);
    const move = moveViewport(viewport, movement, this.#of.count(model), this.visibleRows(model));
    return this.selectAt(model, move);
  }

  /** Handles a mouse event. A press on the selected row calls `open`; undefined: nothing happens. */
  pointAt<Step>(
    model: Model,
    event: MouseEvent,
    open: (model: Model) => Step | undefined,
  ): Step | { readonly model: Model } {
    switch (event.action) {
      case 'wheel-up':
        return { model: this.#scroll(model, -WHEEL_LINES) };
      case 'wheel-down':
        return { model: this.#scroll(model, WHEEL_LINES) };
      case 'press':
        return event.button === 'left' ? this.#press(model, event, open) : { model };
      case 'drag':
        return { model: this.#drag(model, event.y) };
      case 'release':
        return { model: model.grab === undefined ? model : { ...model, grab: undefined } };
      case 'move':
        return { model };
    }
  }

  #positionOf(model: Model): ScrollPosition {
    const { offset } = this.#of.placeOf(model).viewport;
    return { count: this.#of.count(model), visible: this.visibleRows(model), offset };
  }

  /** Scrolls. The cursor moves along if it would leave the screen, unless `keepsCursor`. */
  #show(model: Model, viewport: Viewport): Model {
    const now = this.#of.placeOf(model).viewport;
    if (viewport === now) return model;
    if (viewport.selected === now.selected) return this.#of.withPlace(model, { viewport });
    if (!this.#of.keepsCursor(model)) return this.selectAt(model, viewport);
    return this.#of.withPlace(model, { viewport: { ...now, offset: viewport.offset } });
  }

  /** If all rows are on screen, the wheel moves the cursor instead. */
  #scroll(model: Model, lines: number): Model {
    const { count, visible } = this.#positionOf(model);
    if (count <= visible) return this.move(model, lines < 0 ? 'up' : 'down');
    return this.#show(model, scrollBy(this.#of.placeOf(model).viewport, lines, count, visible));
  }

  #press<Step>(
    model: Model,
    { x, y }: MouseEvent,
    open: (model: Model) => Step | undefined,
  ): Step | { readonly model: Model } {
    const { table, scrollbar } = this.#of.areasOf(model);
    const position = this.#positionOf(model);
    const { viewport, sort } = this.#of.placeOf(model);
    const onBar = hitScrollbar(scrollbar, position, x, y);
    if (onBar?.part === 'thumb') return { model: { ...model, grab: onBar.grab } };
    if (onBar !== undefined) {
      const direction = onBar.part === 'above' ? -1 : 1;
      return {
        model: this.#show(model, pageSelection(viewport, direction, position.count, position.visible)),
      };
    }
    // The blank cell before the scrollbar belongs to the row.
    const rowX = x < scrollbar.x ? Math.min(x, table.x + table.width - 1) : x;
    const hit = contains(table, rowX, y) ? this.#of.hit(model, table, rowX, y) : undefined;
    if (hit === undefined) return { model };
    if (hit.part === 'header') {
      return { model: this.sortBy(model, hit.key, hit.key === sort.key && !sort.isReversed) };
    }
    const opened = hit.row === viewport.selected ? open(model) : undefined;
    return opened ?? { model: this.selectAt(model, { ...viewport, selected: hit.row }) };
  }

  #drag(model: Model, y: number): Model {
    if (model.grab === undefined) return model;
    const position = this.#positionOf(model);
    const offset = offsetForDrag(this.#of.areasOf(model).scrollbar, position, model.grab, y);
    const { viewport } = this.#of.placeOf(model);
    return this.#show(model, scrollTo(viewport, offset, position.count, position.visible));
  }
}
