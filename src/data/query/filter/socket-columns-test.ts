import { PROTOCOL_TCP, PROTOCOL_UDP, type SocketTable } from '../../sample/socket-table.ts';
import { stateName } from '../socket-names.ts';
import { anyOf } from './filter-comparison.ts';
import type { FilterNames } from './filter-context.ts';
import type { SocketTermTest } from './filter-term.ts';
import { ServiceVerdicts } from './service-verdicts.ts';

/** About one socket by what stands in its columns. */
export type SocketColumnsTest = (sockets: SocketTable, slot: number) => boolean;

type ColumnsTerm = Exclude<SocketTermTest, { readonly key: 'host' | 'network' }>;

/** A term about ports, protocol, state or service as a function. Either end's port counts. */
export function socketColumnsTest(test: ColumnsTerm, names: FilterNames): SocketColumnsTest {
  switch (test.key) {
    case 'port': {
      const { comparison, values } = test;
      return ({ localPort, remotePort }, slot) =>
        anyOf(comparison, localPort[slot]!, values) || anyOf(comparison, remotePort[slot]!, values);
    }
    case 'proto': {
      const numbers: readonly number[] = test.protocols.map((name) =>
        name === 'udp' ? PROTOCOL_UDP : PROTOCOL_TCP,
      );
      return ({ protocol }, slot) => numbers.includes(protocol[slot]!);
    }
    case 'state':
      return ({ protocol, state }, slot) => test.states.includes(stateName(protocol[slot]!, state[slot]!));
    case 'svc': {
      const verdicts = new ServiceVerdicts(test.text, names);
      return ({ protocol, localPort, remotePort }, slot) =>
        verdicts.holds(remotePort[slot]!, protocol[slot]!) ||
        verdicts.holds(localPort[slot]!, protocol[slot]!);
    }
  }
}
