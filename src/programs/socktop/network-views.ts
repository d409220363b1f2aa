// sstop's code, a third of all that socktop has: loaded when network views are first opened.

export const networkViews = () => require('./network-update.ts') as typeof import('./network-update.ts');
export const networkEffects = () =>
  require('../sstop/network-effects.ts') as typeof import('../sstop/network-effects.ts');
export const networkRows = () => require('../sstop/sstop-rows.ts') as typeof import('../sstop/sstop-rows.ts');
