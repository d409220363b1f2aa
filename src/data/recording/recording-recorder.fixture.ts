import { RecordedWorld } from './recording-world.fixture.ts';
import { RecordingWriter } from './recording-writer.ts';

/** A program that records to the file of its argument for ever, and says on stdout what is in the file by then. */
const [path = ''] = process.argv.slice(2);
const machine = new RecordedWorld({ processes: 6, sockets: 60 });
const writer = await RecordingWriter.open(path);
for (;;) {
  const snapshot = machine.next();
  await writer.record(snapshot, machine.rates);
  await writer.flushed();
  process.stdout.write(`${snapshot.network?.sequence}\n`);
}
