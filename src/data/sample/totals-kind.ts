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
