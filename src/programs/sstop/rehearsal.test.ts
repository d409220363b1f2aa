import { expect, test } from 'bun:test';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { USUAL_PROCESS_COLUMN_IDS } from '../../views/network/network-process-list.ts';
import { keymapOf } from '../config/keymap.ts';
import { SSTOP_KEYMAP } from '../shared/keymaps.ts';
import { rehearse } from './rehearsal.ts';
import { type SstopProgram, sstopProgram } from './sstop-update.ts';

function program(): SstopProgram {
  return sstopProgram({
    ...{ sort: 'rate', filter: '', loopback: false, interfaceName: undefined, intervalMillis: 1000 },
    ...{
      mouse: true,
      dns: false,
      alertBytesPerSecond: 1,
      columns: USUAL_PROCESS_COLUMN_IDS,
      canSignal: true,
    },
    machineName: undefined,
    ...{ ownPid: 1_000_000, ascii: false, theme: TOKYO_NIGHT, keymap: keymapOf(SSTOP_KEYMAP) },
    ...{ hiddenAdvice: 'sudo sstop', units: 'bytes' },
    names: { host: () => undefined, country: () => undefined },
  });
}

test('the rehearsal goes through a row with rates', async () => {
  const rehearsed = program();
  const screens: string[] = [];
  await rehearse(
    {
      ...rehearsed,
      view(model, buffer) {
        rehearsed.view(model, buffer);
        screens.push(buffer.lines().join('\n'));
      },
    },
    () => false,
  );
  expect(screens).toHaveLength(2);
  expect(screens[1]).toMatch(/2 .*rehearsal .*1000B .*1000B +1/);
});

test('it ends once the real rows are there', async () => {
  const rehearsed = program();
  let views = 0;
  await rehearse({ ...rehearsed, view: () => void views++ }, () => true);
  expect(views).toBe(0);
});
