import { OpError } from '../src/kit/errors/op-error.ts';
import type { Model } from '../src/programs/sstop/sstop-model.ts';
import type { SstopProgram } from '../src/programs/sstop/sstop-program.ts';

/**
 * In test builds alone (a constant of the build, so the release holds none of this): with SSTOP_FAULT=view the view
 * throws as soon as the help is opened, so that tests see how the terminal is left.
 */
export function withInjectedFault(program: SstopProgram): SstopProgram {
  if (process.env['SSTOP_TEST_BUILD'] !== '1' || process.env['SSTOP_FAULT'] !== 'view') return program;
  return {
    ...program,
    view(model: Model, buffer): void {
      if (model.helpOffset !== undefined) throw new OpError({ op: 'view', code: 'INJECTED' });
      program.view(model, buffer);
    },
  };
}
