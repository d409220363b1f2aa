/**
 * Cooperative time budget. Long collections call `due()` between small steps and await `rest()` when it returns true,
 * so that keys, frames and other collectors run in between (budget: a few milliseconds).
 */
export interface Slice {
  due(): boolean;
  rest(): Promise<void>;
}
