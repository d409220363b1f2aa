/**
 * Leave to go on working. Long collections ask `due()` between small steps and await `rest()` when it says so,
 * so that keys, frames and other collectors get their turn (bound: a few milliseconds).
 */
export interface Slice {
  due(): boolean;
  rest(): Promise<void>;
}
