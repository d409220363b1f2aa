import { tableRowsIn } from '../../screen/widgets/table.ts';
import { followRow, type Viewport } from '../../screen/widgets/viewport.ts';
import type { Model } from './model.ts';
import { layoutScreen } from './screen-layout.ts';

/** How many rows of the table are on screen. */
export function visibleRows(model: Model): number {
  return tableRowsIn(layoutScreen(model.width, model.height).table);
}

/**
 * The model with its rows listed anew, after anything changed that they depend on. While a collection writes to
 * the tables the rows stay as they are: the sample that ends it lists them.
 */
export function relisted(model: Model): Model {
  if (model.shown === undefined) return model;
  if (model.shown.isStable) model.listing.rebuild(model.shown, model.scope, model.filter);
  return reordered(model);
}

/** The model after the order of the same rows changed: the cursor follows its process. */
export function reordered(model: Model): Model {
  const { selection, listing, sort, viewport } = model;
  const rank = selection === undefined || !isThere(model) ? -1 : listing.rankOfOwner(sort, selection.owner);
  if (rank < 0 && viewport.selected >= 0) return selectedAt(model, reselected(model));
  const followed = followRow(viewport, rank, listing.rows.count, visibleRows(model));
  return followed === viewport ? model : { ...model, viewport: followed };
}

/** The row that was selected is gone: its place keeps the cursor. */
function reselected(model: Model): Viewport {
  const { viewport, listing } = model;
  const { count } = listing.rows;
  return followRow(viewport, Math.min(viewport.selected, count - 1), count, visibleRows(model));
}

/** The model with the cursor where the viewport says, remembering whose row that is. */
export function selectedAt(model: Model, viewport: Viewport): Model {
  const owner = model.listing.ownerAt(model.sort, viewport.selected);
  if (owner < 0) return { ...model, viewport: { ...viewport, selected: -1 }, selection: undefined };
  const serial = model.shown?.section.owners.slots.serial[owner] ?? 0;
  return { ...model, viewport, selection: { owner, serial } };
}

function isThere(model: Model): boolean {
  const { selection, shown } = model;
  if (selection === undefined || shown === undefined) return false;
  return shown.section.owners.slots.serial[selection.owner] === selection.serial;
}
