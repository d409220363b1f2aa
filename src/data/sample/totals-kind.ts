/** What totals of a network are kept by. */
export const TOTALS_KINDS = ['program', 'user', 'unit', 'network'] as const;
export type TotalsKind = (typeof TOTALS_KINDS)[number];

/** The times that they are kept for. */
export const TOTALS_PERIODS = ['hour', 'day', 'month'] as const;
export type TotalsPeriod = (typeof TOTALS_PERIODS)[number];

/** What is asked for of totals. */
export interface TotalsWish {
  readonly period: TotalsPeriod;
  readonly by: TotalsKind;
}

/** How many of each are kept, and how much of the local date and time names one (`2026-11-28 03`). */
export const TOTALS_KEPT: Readonly<
  Record<TotalsPeriod, { readonly kept: number; readonly nameLength: number }>
> = {
  hour: { kept: 14 * 24, nameLength: 13 },
  day: { kept: 90, nameLength: 10 },
  month: { kept: 12, nameLength: 7 },
};
const PERIOD_NAME = /^\d{4}-\d\d(?:-\d\d(?:T\d\d)?)?$/;

/** Whether it names a period of that kind: `2026-11-28T03`, `2026-11-28`, `2026-11`. */
export function isPeriodName(period: TotalsPeriod, name: unknown): name is string {
  return typeof name === 'string' && name.length === TOTALS_KEPT[period].nameLength && PERIOD_NAME.test(name);
}
