import type { MouseEvent } from '../screen/input/event.ts';
import { contains, type Rect } from '../screen/layout/rect.ts';
import { tableRowsIn } from '../screen/widgets/table.ts';
import {
  followRow,
  hitScrollbar,
  offsetForDrag,
  pageSelection,
  type ScrollPosition,
  scrollBy,
  scrollTo,
  type Viewport,
} from '../screen/widgets/viewport.ts';
import { type Movement, movedViewport, WHEEL_LINES } from './movement.ts';
import type { ListHit, ListSort } from './network/network-list.ts';

/** Where one is in a list: its order, whose row has the cursor, and which rows are on screen. */
interface ListPlace<Identity> {
  readonly sort: ListSort;
  readonly selection: Identity | undefined;
  readonly viewport: Viewport;
}

/** How a program's model holds the list that is on its screen. */
interface ListModel<Model, Identity> {
  placeOf(model: Model): ListPlace<Identity>;
  withPlace(model: Model, change: Partial<ListPlace<Identity>>): Model;
  count(model: Model): number;
  /** The round of the sort key. */
  sortKeys(model: Model): readonly string[];
  /** The row at a rank, undefined past the end. */
  identityAt(model: Model, rank: number): Identity | undefined;
  /** -1 where it is not listed. */
  rankOf(model: Model, identity: Identity): number;
  areasOf(model: Model): { readonly table: Rect; readonly scrollbar: Rect };
  hit(model: Model, table: Rect, x: number, y: number): ListHit | undefined;
  /** Whether the cursor stays on its row even where the wheel leaves it behind. */
  keepsCursor(model: Model): boolean;
}

/** What the keys and the mouse do to a list: the same in every program. */
export class ListScreen<Model extends { readonly grab: number | undefined }, Identity> {
  readonly #of: ListModel<Model, Identity>;

  constructor(of: ListModel<Model, Identity>) {
    this.#of = of;
  }

  /** How many rows are on screen. */
  visibleRows(model: Model): number {
    return tableRowsIn(this.#of.areasOf(model).table);
  }

  /**
   * The model after rows or their order changed: the cursor follows its row. Where that is gone its place keeps the
   * cursor; where no row is left, the cursor comes back with its own.
   */
  reordered(model: Model): Model {
    const { selection, viewport } = this.#of.placeOf(model);
    const count = this.#of.count(model);
    const height = this.visibleRows(model);
    const rank = selection === undefined ? -1 : this.#of.rankOf(model, selection);
    if (rank < 0 && viewport.selected >= 0 && count > 0) {
      const place = Math.min(viewport.selected, count - 1);
      return this.selectedAt(model, followRow(viewport, place, count, height));
    }
    const followed = followRow(viewport, rank, count, height);
    return followed === viewport ? model : this.#of.withPlace(model, { viewport: followed });
  }

  /** The model with the cursor where the viewport says, remembering whose row that is. */
  selectedAt(model: Model, viewport: Viewport): Model {
    const selection = this.#of.identityAt(model, viewport.selected);
    const settled = selection === undefined ? { ...viewport, selected: -1 } : viewport;
    return this.#of.withPlace(model, { viewport: settled, selection });
  }

  /** The model with its rows in another order. */
  sortedBy(model: Model, key: string, isReversed = false): Model {
    return this.reordered(this.#of.withPlace(model, { sort: { key, isReversed } }));
  }

  sortedByNext(model: Model): Model {
    const keys = this.#of.sortKeys(model);
    return this.sortedBy(model, keys[(keys.indexOf(this.#of.placeOf(model).sort.key) + 1) % keys.length]!);
  }

  reversed(model: Model): Model {
    const { key, isReversed } = this.#of.placeOf(model).sort;
    return this.sortedBy(model, key, !isReversed);
  }

  moved(model: Model, movement: Movement): Model {
    const { viewport } = this.#of.placeOf(model);
    const moved = movedViewport(viewport, movement, this.#of.count(model), this.visibleRows(model));
    return this.selectedAt(model, moved);
  }

  /** After a report of the mouse; `open` is what a press on the row under the cursor does, undefined: nothing. */
  pointed<Step>(
    model: Model,
    event: MouseEvent,
    open: (model: Model) => Step | undefined,
  ): Step | { readonly model: Model } {
    switch (event.action) {
      case 'wheel-up':
        return { model: this.#scrolled(model, -WHEEL_LINES) };
      case 'wheel-down':
        return { model: this.#scrolled(model, WHEEL_LINES) };
      case 'press':
        return event.button === 'left' ? this.#pressed(model, event, open) : { model };
      case 'drag':
        return { model: this.#dragged(model, event.y) };
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

  /** Moves the view. The cursor goes along where it would leave the screen, unless it stays with its row. */
  #shown(model: Model, viewport: Viewport): Model {
    const now = this.#of.placeOf(model).viewport;
    if (viewport === now) return model;
    if (viewport.selected === now.selected) return this.#of.withPlace(model, { viewport });
    if (!this.#of.keepsCursor(model)) return this.selectedAt(model, viewport);
    return this.#of.withPlace(model, { viewport: { ...now, offset: viewport.offset } });
  }

  #scrolled(model: Model, lines: number): Model {
    const { count, visible } = this.#positionOf(model);
    return this.#shown(model, scrollBy(this.#of.placeOf(model).viewport, lines, count, visible));
  }

  #pressed<Step>(
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
        model: this.#shown(model, pageSelection(viewport, direction, position.count, position.visible)),
      };
    }
    const hit = contains(table, x, y) ? this.#of.hit(model, table, x, y) : undefined;
    if (hit === undefined) return { model };
    if (hit.part === 'header') {
      return { model: this.sortedBy(model, hit.key, hit.key === sort.key && !sort.isReversed) };
    }
    const opened = hit.row === viewport.selected ? open(model) : undefined;
    return opened ?? { model: this.selectedAt(model, { ...viewport, selected: hit.row }) };
  }

  #dragged(model: Model, y: number): Model {
    if (model.grab === undefined) return model;
    const position = this.#positionOf(model);
    const offset = offsetForDrag(this.#of.areasOf(model).scrollbar, position, model.grab, y);
    const { viewport } = this.#of.placeOf(model);
    return this.#shown(model, scrollTo(viewport, offset, position.count, position.visible));
  }
}
