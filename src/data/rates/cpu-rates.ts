import { CPU_TOTAL_ROW, type CpuTable } from '../schema/cpu-sample.ts';
import { CpuUsage } from './cpu-usage.ts';
import { SampleHistory } from './sample-history.ts';
import { type Trend, Trends } from './trend.ts';

/** Use of the processors with its past: all together and each core, percent. */
export class CpuRates {
  readonly usage = new CpuUsage();
  readonly total = new SampleHistory();
  /** By core number. */
  readonly cores: SampleHistory[] = [];
  readonly #trends = new Trends();

  /** Takes a sample; the first leaves everything unknown, and unknown is pushed too: a gap is to be seen. */
  update(times: CpuTable): void {
    const { usage } = this;
    usage.update(times);
    this.total.push(usage.percent[CPU_TOTAL_ROW]!);
    this.#trends.reserve(usage.count);
    for (let core = 0; core < usage.count - 1; core++) {
      const percent = usage.percent[core + 1]!;
      this.cores[core] ??= new SampleHistory();
      this.cores[core]!.push(percent);
      if (Number.isNaN(percent)) this.#trends.reset(core);
      else this.#trends.push(core, percent);
    }
  }

  /** Share of a core's time, percent; NaN unknown. */
  coreOf(core: number): number {
    return this.usage.percent[core + 1] ?? Number.NaN;
  }

  trendOf(core: number): Trend {
    return this.#trends.of(core);
  }

  /** The next sample is the first again; the past stays. */
  rebase(): void {
    this.usage.reset();
  }
}
