/** Reads standard input, and throws on the first bytes or, with `end`, says how reading ended. */
import { ControlledInput } from './terminal-input.ts';

const control = {
  isTerminal: () => true,
  setRawMode: () => undefined,
  windowSize: () => ({ columns: 0, rows: 0 }),
};
process.on('unhandledRejection', (thrown) => {
  console.log(`uncaught: ${(thrown as Error).message}`);
});
new ControlledInput(control).start({
  input(bytes) {
    if (process.argv[2] !== 'end') throw new TypeError('a fault of the program');
    console.log(`read ${bytes.length}`);
  },
  ended: ({ code, message }) => console.log(`ended: ${code} ${message}`),
});
